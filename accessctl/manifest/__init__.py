"""From the files of a project to desired access."""

from accessctl.manifest.load import Project, load_project
from accessctl.manifest.schema import explain, load_schema

__all__ = ["Project", "explain", "load_project", "load_schema"]
