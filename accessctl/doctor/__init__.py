"""Can these tokens do what these manifests need? Facts are asked of Meta, and findings are made of them."""

from accessctl.doctor.ask import ask
from accessctl.doctor.examine import examine
from accessctl.doctor.findings import Finding, Level
from accessctl.doctor.needs import needs_of

__all__ = ["Finding", "Level", "ask", "examine", "needs_of"]
