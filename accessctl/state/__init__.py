"""The lock, the journal and the records in an object store, for runs on machines that share nothing else."""

from accessctl.state.ledger import ObjectLedger
from accessctl.state.lock import RemoteLock, unlock
from accessctl.state.records import ObjectRecords
from accessctl.state.store import StateError, Store, open_store

__all__ = ["ObjectLedger", "ObjectRecords", "RemoteLock", "StateError", "Store", "open_store", "unlock"]
