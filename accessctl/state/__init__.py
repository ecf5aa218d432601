"""The lock and the journal in an object store, for runs on machines that share nothing else."""

from accessctl.state.ledger import ObjectLedger
from accessctl.state.lock import RemoteLock, unlock
from accessctl.state.store import StateError, Store, open_store

__all__ = ["ObjectLedger", "RemoteLock", "StateError", "Store", "open_store", "unlock"]
