"""The door in: from a reader to live access."""

from accessctl.live.read import ActingBusiness, read_live

__all__ = ["ActingBusiness", "read_live"]
