"""Reviews to test with: one with every kind of row, one of any size, and one whose names are an attacker's."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from accessctl.history import RunTold, WriteTold
from accessctl.model import (
    Access,
    Asset,
    AssetAccess,
    Business,
    Contribution,
    Gap,
    Grant,
    Kind,
    Place,
    Policy,
    Side,
    Status,
    frozen,
)
from accessctl.plan.nouns import BusinessRef, State, Verb
from accessctl.report import Report, make_report
from accessctl.report.nouns import Origin, Way

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ACME, CLIENT, MEDIA, DATA, OLD = "1001", "5005", "2002", "3003", "4004"
NAMES = {ACME: "Acme GmbH", CLIENT: "Client Inc", MEDIA: "Mediahouse Ltd", DATA: "DataCo", OLD: "Last Year's Agency"}
ALIASES = {ACME: "acme", CLIENT: "client", MEDIA: "mediahouse", DATA: "dataco"}
BUYER = frozenset({"ADVERTISE", "ANALYZE"})
POLICY = Policy((ACME,))
ORIGIN = Origin(
    Way.LIVE, NOW, NOW, "0.1.0", (BusinessRef(ACME, "acme", "Acme GmbH"),), "sha256:" + "1" * 64, "sandbox:w", "v26.0"
)
HOSTILE = "</details>::error::\x1b[31m@everyone\u202eevil\n##[command]x|`=1+1" + "A" * 300


def said(tasks: frozenset[str] = BUYER, line: int = 1, **more: object) -> Contribution:
    return Contribution(Place("access/all.yaml", line), tasks, **more)


def wanted(*sources: Contribution) -> Grant:
    held = [source.tasks for source in sources if not source.expired]
    status = Status.CONFIRMED if held else Status.ABSENT
    return Grant(frozenset().union(*held), status, sources=sources)


def asset(
    number: str, alias: str = "", kind: Kind = Kind.AD_ACCOUNT, owner: str = ACME, **more: object
) -> tuple[Asset, AssetAccess]:
    more["grants"] = frozen(more.get("grants", {}))
    more["labels"] = frozen(more.get("labels", {}))
    place = Place("access/all.yaml", int(number)) if alias else None
    return Asset(kind, number), AssetAccess(Asset(kind, number), owner, alias=alias, place=place, **more)


def access(*assets: tuple[Asset, AssetAccess], names: dict[str, str] | None = None, **more: object) -> Access:
    known = names or NAMES
    businesses = {number: Business(number, ALIASES.get(number, ""), name) for number, name in known.items()}
    return Access(frozen(dict(assets)), frozen(businesses), **more)


def review(desired: Access, live: Access | None, origin: Origin = ORIGIN, **more: object) -> Report:
    origin = replace(origin, way=Way.MANIFESTS, graph_url="", graph_version="") if live is None else origin
    return make_report(desired, live, POLICY, origin, **more)


DE = {"market": "de", "brand": "acme"}
RULE = said(frozenset({"ANALYZE"}), 4, rule="dataco-sees-germany", profile="analyst", until=date(2026, 12, 31))
EVERY_DECLARED = access(
    asset(
        "71",
        "de-brand",
        labels=DE,
        name="Acme DE",
        grants={
            MEDIA: wanted(said(profile="buyer"), said(frozenset({"MANAGE"}), 9, until=date(2027, 1, 31))),
            DATA: wanted(RULE),
        },
    ),
    asset("72", "de-shop", labels=DE, grants={MEDIA: wanted(said(until=date(2026, 11, 30), reason="ADS-1 spring"))}),
    asset(
        "73",
        "de-app",
        labels=DE,
        grants={MEDIA: wanted(said()), DATA: wanted(said(expired=True, until=date(2026, 3, 31)))},
    ),
    asset("74", "de-lost", labels={"market": "fr"}, grants={MEDIA: wanted(said())}),
    asset("75", "de-hold", grants={DATA: wanted(said())}),
    asset("76", "de-empty", grants={}),
    asset("77", "client-page", Kind.PAGE, CLIENT, grants={ACME: wanted(said())}),
    asset("78", "page-de", Kind.PAGE, labels=DE, grants={MEDIA: wanted(said(frozenset({"MANAGE"})))}),
)
SEEN = Grant(BUYER)
SINCE = datetime(2026, 10, 20, 8, tzinfo=UTC)
EVERY_LIVE = access(
    asset(
        "71",
        name="Acme DE Brand",
        grants={MEDIA: Grant(BUYER | {"MANAGE"}), DATA: Grant(frozenset({"ANALYZE", "DRAFT"}), since=SINCE)},
    ),
    asset("72", name="Acme Shop", grants={OLD: SEEN}),
    asset("73", name="Acme App", grants={MEDIA: Grant(BUYER, Status.AWAITING_APPROVAL, since=SINCE)}),
    asset("74", unreadable="Meta refused GET act_74/agencies: (#10) no permission (code 10)"),
    asset("75", name="Acme Hold", grants={DATA: Grant(BUYER, Status.UNKNOWN, "ON_HOLD")}),
    asset("76", name="Acme Empty"),
    asset("77", "", Kind.PAGE, CLIENT, side=Side.AGENCY, grants={ACME: Grant(BUYER, Status.PENDING, since=SINCE)}),
    asset(
        "78",
        "",
        Kind.PAGE,
        name="Acme",
        grants={MEDIA: Grant(frozenset({"PROFILE_PLUS_MANAGE", "PROFILE_PLUS_ANALYZE"}))},
    ),
    asset("79", name="Stray", grants={OLD: SEEN}),
    names=NAMES | {MEDIA: "Mediahouse Worldwide"},
    notes=("the list of agencies of acme (1001) could not be read",),
)
RUN = RunTold("ab12cd34ef56", SINCE, graph_url="sandbox:w")


def write(verb: Verb, number: str, agency: str, day: int, outcome: str = "applied", **more: object) -> WriteTold:
    pair = Asset(more.pop("kind", Kind.AD_ACCOUNT), number)
    state = State(Status.CONFIRMED, tuple(sorted(BUYER)))
    when = datetime(2026, 10, day, 9, tzinfo=UTC)
    return WriteTold(more.pop("run", RUN), day, when, verb, pair, agency, "acme", state, state, outcome, **more)


EVERY_WRITE = (write(Verb.GRANT, "71", MEDIA, 2), write(Verb.CHANGE, "71", MEDIA, 9))
EVERY_ROW = review(EVERY_DECLARED, EVERY_LIVE, writes=EVERY_WRITE)
UNREAD = review(EVERY_DECLARED, replace(EVERY_LIVE, gaps=(Gap(ACME, Side.OWNER, Kind.PAGE, "Meta cannot be reached"),)))
DECLARED = review(EVERY_DECLARED, None)
EMPTY = review(access(asset("71", "de-brand")), access(asset("71", name="Acme DE Brand")))


def large(grants: int, agencies: int = 40) -> Report:
    """Return a review of so many grants on a fifth as many assets, the same each time."""
    chance = random.Random(5)
    names = NAMES | {
        str(20000 + n): f"Agency {n:02} {chance.choice(['Media', 'Data', 'Studio'])}" for n in range(agencies)
    }
    some = [str(20000 + n) for n in range(agencies)]
    declared, live = [], []
    for number in range(max(1, grants // 5)):
        kind = chance.choice([Kind.AD_ACCOUNT, Kind.AD_ACCOUNT, Kind.PAGE])
        key, alias = str(100_000 + number), f"asset-{number:04}"
        labels = {"market": chance.choice(["de", "fr", "uk", "us", "es"]), "brand": chance.choice(["acme", "zeta"])}
        wants, holds = {}, {}
        for agency in chance.sample(some, 5):
            tasks = frozenset(chance.sample(["ADVERTISE", "ANALYZE", "MANAGE"], chance.choice([1, 2, 2, 3])))
            ends = NOW.date() + timedelta(days=chance.choice([20, 45, 80, 200, 400])) if chance.random() < 0.3 else None
            if chance.random() < 0.95:
                wants[agency] = wanted(said(tasks, number + 2, profile="buyer", until=ends))
            if chance.random() < 0.97:
                holds[agency] = Grant(tasks if chance.random() < 0.95 else frozenset({"ANALYZE", "DRAFT"}))
        declared.append(asset(key, alias, kind, labels=labels, grants=wants))
        live.append(asset(key, "", kind, name=f"Acme {labels['market'].upper()} {number}", grants=holds))
    return review(access(*declared, names=names), access(*live, names=names))


def hostile(name: str = HOSTILE) -> Report:
    """Return a review in which everything that a stranger, or a manifest, can name is called so."""
    names = dict.fromkeys(NAMES, name)
    source = said(frozenset({"ANALYZE", name}), reason=name, profile="buyer")
    declared = access(
        asset(
            "71", "de-brand", labels={"market": name, "brand": "acme"}, name=f"{name}!", grants={MEDIA: wanted(source)}
        ),
        asset("72", "de-gone", grants={MEDIA: wanted(source)}),
        names=dict.fromkeys(NAMES, f"{name}?"),
    )
    live = access(
        asset("71", name=name, grants={MEDIA: Grant(frozenset({"ANALYZE", name})), OLD: Grant(frozenset({name}))}),
        asset("72", name=name, unreadable=name),
        asset("73", name=name, grants={DATA: Grant(frozenset({name}), Status.UNKNOWN, name)}),
        names=names,
        notes=(name,),
        gaps=(Gap(ACME, Side.OWNER, Kind.PAGE, name),),
    )
    origin = replace(ORIGIN, acts_as=(BusinessRef(ACME, "acme", name),), graph_url=name)
    return review(declared, live, origin, writes=(write(Verb.GRANT, "71", MEDIA, 3, run=replace(RUN, id=name)),))
