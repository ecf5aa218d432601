"""The access review: who holds what on which asset, since when, until when and why. Pure."""

from accessctl.report.make import make_report
from accessctl.report.nouns import Report, Standing

__all__ = ["Report", "Standing", "make_report"]
