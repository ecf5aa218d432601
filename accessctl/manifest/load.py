"""The way in: a directory becomes a project with its policy and its desired access."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING

from accessctl.errors import ManifestError, Problem
from accessctl.garbage import held
from accessctl.manifest.catalogue import make_catalogue
from accessctl.manifest.compile import Compiler, compile_access
from accessctl.manifest.document import read_document
from accessctl.manifest.files import LARGEST_TREE, MOST_FILES, PROJECT_FILE, Refused, read_file, read_tree
from accessctl.manifest.findings import Findings
from accessctl.manifest.project import read_settings
from accessctl.manifest.read import read_manifest
from accessctl.manifest.schema import explain
from accessctl.manifest.shape import Reader
from accessctl.manifest.words import TaskCheck
from accessctl.model import Access, Asset, Business, Place, Policy
from accessctl.slips import Slip

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date
    from pathlib import Path

    from accessctl.manifest.catalogue import Catalogue
    from accessctl.manifest.declared import Declared
    from accessctl.manifest.document import Document, Scalar
    from accessctl.manifest.files import Content
    from accessctl.manifest.project import Settings


@dataclass(frozen=True, slots=True)
class Project:
    """What the files of a project say.

    `files` holds the path of every file read, relative to the project, with its sha256 in hexadecimal, sorted;
    `digest` stands for all of them. `aliases` has every business and asset by the word the manifests use.
    """

    policy: Policy
    desired: Access
    graph_version: str
    warnings: tuple[Problem, ...]
    files: tuple[tuple[str, str], ...]
    digest: str
    aliases: Mapping[str, Asset | Business]


def load_project(directory: Path, *, today: date, allow_unknown_tasks: bool = False) -> Project:
    """Read and check a project. Raises ManifestError with every problem of every file.

    `today` is the day in UTC: a declaration holds up to and on its last day. With `allow_unknown_tasks` a
    task nobody knows is a warning.
    """
    findings = Findings()
    tasks = TaskCheck(findings, allow_unknown=allow_unknown_tasks)
    with held():
        reading = _Reading(directory, today, findings, tasks)
        settings = reading.settings()
        parts = reading.manifests(settings)
        catalogue = make_catalogue(parts, findings, whole=reading.whole)
        policy = _policy(settings, catalogue, findings)
        _require_assets(settings, catalogue, findings)
        acts_as = frozenset(policy.acts_as) if len(policy.acts_as) == len(settings.acts_as) else None
        desired = compile_access(Compiler(catalogue, acts_as, settings.exclusive, tasks, findings))
    if findings.count:
        raise ManifestError(findings.problems, findings.warnings)
    files = tuple(sorted(reading.hashes.items()))
    return Project(
        policy=policy,
        desired=desired,
        graph_version=settings.graph_version,
        warnings=tuple(sorted(findings.warnings)),
        files=files,
        digest=_digest(files),
        aliases=catalogue.aliases,
    )


class _Reading:
    """The files of one project while they are read. `whole` turns false where a part could not be."""

    def __init__(self, root: Path, today: date, findings: Findings, tasks: TaskCheck) -> None:
        self.root = root
        self.today = today
        self.findings = findings
        self.tasks = tasks
        self.hashes: dict[str, str] = {}
        self.bytes = 0
        self.whole = True

    def settings(self) -> Settings:
        """Read accessctl.yaml. Without it, or where it is no YAML, there is nothing to go on with."""
        if not os.path.lexists(self.root / PROJECT_FILE):
            text = "is not in this directory; start a project with `accessctl init`, or name one with -C DIR"
            raise ManifestError([Problem(Place(PROJECT_FILE), text, Slip.NO_PROJECT)])
        try:
            content = read_file(self.root, PROJECT_FILE)
        except Refused as why:
            raise ManifestError([Problem(Place(PROJECT_FILE), str(why), why.slip)]) from None
        document = self.document(content)
        if document is None:
            raise ManifestError(self.findings.problems)
        reader = Reader(PROJECT_FILE, self.findings, self.today)
        settings = read_settings(reader, document.root)
        self.explain(reader, document, "project")
        return settings

    def manifests(self, settings: Settings) -> list[Declared]:
        """Read every manifest once, also where two entries of `manifests` lead to it."""
        parts = []
        for content in self.contents(settings):
            document = self.document(content)
            if document is None:
                self.whole = False
                continue
            reader = Reader(content.file, self.findings, self.today)
            self.whole = self.whole and not self.findings.problems_of(content.file)
            parts.append(read_manifest(reader, document.root, self.tasks))
            self.whole = self.whole and not reader.misfits
            self.explain(reader, document, "manifest")
        return parts

    def contents(self, settings: Settings) -> Iterator[Content]:
        """Read the files one after another, up to the limits of a tree."""
        for wanted in settings.manifests:
            at = Place(PROJECT_FILE, wanted.line, wanted.column)
            for content in read_tree(self.root, wanted.text, at, self.findings):
                if content is None:
                    self.whole = False
                elif content.file not in self.hashes:
                    yield content
                if self.bytes > LARGEST_TREE or len(self.hashes) > MOST_FILES:
                    self.whole = False
                    mebibytes = LARGEST_TREE // 1024**2
                    text = f"the manifests are more than {mebibytes} MiB or {MOST_FILES:,} files; split the project"
                    self.findings.problem(at, text, Slip.TOO_LARGE)
                    return

    def document(self, content: Content) -> Document | None:
        """Read the tree of one file and remember what the file was."""
        self.hashes[content.file] = content.sha256
        self.bytes += len(content.data)
        return read_document(content.file, content.data, self.findings)

    def explain(self, reader: Reader, document: Document, schema: str) -> None:
        """Say in words what the reader found to have a wrong shape."""
        if reader.misfits:
            text = f"this does not fit the {schema} schema"
            unexplained = [Problem(reader.place(document.root), text, Slip.WRONG_VALUE)]
            for problem in explain(document._replace(root=reader.narrowed(document.root)), schema) or unexplained:
                self.findings.problem(problem.place, problem.text, problem.slip)


def _policy(settings: Settings, catalogue: Catalogue, findings: Findings) -> Policy:
    def ids(role: str, words: tuple[Scalar, ...]) -> list[str]:
        found = [
            catalogue.business(word.text, role, Place(PROJECT_FILE, word.line, word.column), findings)
            for word in words
            if word.text
        ]
        return [business.id for business in found if business]

    protect = frozenset(ids("agency", settings.protect))
    return replace(
        settings.policy,
        acts_as=tuple(dict.fromkeys(ids("business", settings.acts_as))),
        guards=replace(settings.policy.guards, protect=protect),
    )


def _require_assets(settings: Settings, catalogue: Catalogue, findings: Findings) -> None:
    """Refuse a project that declares nothing: more likely a wrong directory than a wish."""
    if not catalogue.assets and catalogue.whole:
        at = settings.manifests[0] if settings.manifests else None
        place = Place(PROJECT_FILE, at.line, at.column) if at else Place(PROJECT_FILE)
        places = ", ".join(word.text for word in settings.manifests)
        text = f"no ad account or Page is declared in {places}; is it the right directory?"
        findings.problem(place, text, Slip.NOTHING_DECLARED)


def _digest(files: tuple[tuple[str, str], ...]) -> str:
    listing = "".join(f"{sha}  {file}\n" for file, sha in files)
    return f"sha256:{sha256(listing.encode()).hexdigest()}"
