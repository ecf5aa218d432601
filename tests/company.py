"""A company to test with: manifests and a world on disk, and the workflow run on them as the commands do."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import yaml

from accessctl.connection import Connection, connect
from accessctl.gate import check_fits
from accessctl.journal import read_journal
from accessctl.journalfile import FileLedger
from accessctl.manifest import Project, load_project
from accessctl.sandbox.store import Store
from accessctl.way import Way
from accessctl.workflow import Wish, apply_plan, plan_project, read_access

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from accessctl.apply import Result
    from accessctl.model import Access
    from accessctl.plan.document import SavedPlan
    from accessctl.sandbox import Sandbox, Write

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def evening(day: date) -> datetime:
    """Return the last moment of a day."""
    return datetime.combine(day, time.max, UTC)


EVENING = evening(NOW.date())
ACME, SISTER, MEDIAHOUSE, DATACO, STRANGER, CLIENT = "1001", "1002", "2002", "3003", "4004", "5005"
BUSINESSES = {
    "acme": {"id": ACME, "name": "Acme GmbH"},
    "sister": {"id": SISTER, "name": "Sister SA"},
    "mediahouse": {"id": MEDIAHOUSE, "name": "Mediahouse Ltd"},
    "dataco": {"id": DATACO, "name": "DataCo"},
    "client": {"id": CLIENT, "name": "Client Inc"},
}
NAMES = {business["id"]: business["name"] for business in BUSINESSES.values()} | {STRANGER: "Stranger Ltd"}


class WithoutAliases(yaml.SafeDumper):
    """Neither manifests nor worlds may hold anchors, which PyYAML writes for a list that is used twice."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


class Company:
    """One project directory. Fill `manifest`, `project` and `world`, then plan and apply."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._looks = 0
        self.project: dict[str, Any] = {"version": 1, "acts_as": ["acme"]}
        self.manifest: dict[str, Any] = {"businesses": BUSINESSES, "ad_accounts": {}, "pages": {}}
        self.world: dict[str, Any] = {
            "version": 1,
            "now": "2026-11-21T09:00:00Z",
            "businesses": {key: {"name": name} for key, name in NAMES.items()},
            "ad_accounts": {},
            "pages": {},
            "quirks": {},
        }

    def asset(
        self,
        kind: str,
        alias: str,
        number: str,
        *,
        agencies: dict[str, Any] | None = None,
        live: dict[str, Any] | None = None,
        owner: str = "acme",
        **more: Any,
    ) -> None:
        """Declare an asset (unless `agencies` is None) and put it into the world (unless `live` is None)."""
        section = f"{kind}s"
        of_world = {key: more.pop(key) for key in WORLD_KEYS & more.keys()}
        if agencies is not None:
            self.manifest[section][alias] = {"id": number, "owner": owner, "agencies": agencies, **more}
        if live is not None:
            name = alias.replace("-", " ").title()
            owner_id = BUSINESSES[owner]["id"]
            self.world[section][number] = {"name": name, "owner": owner_id, "agencies": live, **of_world}

    def write(self) -> None:
        """Write the files."""
        (self.directory / "access").mkdir(exist_ok=True)
        for name, content in (
            ("accessctl.yaml", self.project),
            ("access/all.yaml", self.manifest),
            ("world.yaml", self.world),
        ):
            (self.directory / name).write_text(yaml.dump(content, Dumper=WithoutAliases, sort_keys=False))

    def load(self) -> Project:
        return load_project(self.directory, today=NOW.date(), allow_unknown_tasks=True)

    @contextmanager
    def connected(self) -> Iterator[tuple[Project, Connection]]:
        if not (self.directory / "world.yaml").exists():
            self.write()
        project = self.load()
        with connect(project, self.directory, Way(sandbox=str(self.directory / "world.yaml")), {}) as connection:
            yield project, connection

    def plan(self, wish: Wish = Wish()) -> SavedPlan:  # noqa: B008  frozen
        with self.connected() as (project, connection):
            return plan_project(project, connection, wish, self.now())

    def now(self) -> datetime:
        """A clock that moves on by a minute at each look."""
        self._looks += 1
        return NOW + timedelta(minutes=self._looks)

    def live(self) -> Access:
        with self.connected() as (project, connection):
            return read_access(project, connection)

    def apply(self, saved: SavedPlan | None = None, wish: Wish = Wish(), parallelism: int = 4) -> Result:  # noqa: B008
        with self.connected() as (project, connection):
            saved = saved or plan_project(project, connection, wish, self.now())
            check_fits(saved, project, connection, now=EVENING)
            return apply_plan(saved, connection, parallelism=parallelism, clock=self.now)

    @contextmanager
    def people(self) -> Iterator[Sandbox]:
        """Act as the people in the sandbox."""
        yield self._store().open()

    @property
    def writes(self) -> tuple[Write, ...]:
        """Every write the sandbox committed, in order."""
        return self._store().open().write_log

    @property
    def journal(self) -> list[dict[str, Any]]:
        return list(read_journal(FileLedger(self._store().journal)))

    @property
    def journal_path(self) -> Path:
        return self._store().journal

    def _store(self) -> Store:
        return Store(self.directory / ".accessctl" / "sandbox", self.directory / "world.yaml")


WORLD_KEYS = {
    "admin_approval",
    "fault",
    "hidden",
    "new_experience",
    "page_token",
    "partners_invent",
    "partners_miss",
    "unlisted",
    "visible_to",
}
