"""Live access at one moment, as a document: written, read back, planned from, compared. Pure."""

from accessctl.snapshot.nouns import Look, Snapshot

__all__ = ["Look", "Snapshot"]
