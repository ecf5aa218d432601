"""Measure how long it takes to read a company's access, beside what people do without accessctl.

`python -m tests.benchmarks.reading --accounts 1000 --latency-ms 50`, from the repository's root. See README.md.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tests.benchmarks.contestants import CONTESTANTS, TOKEN
from tests.benchmarks.served import AGENCIES, OWNER, TASKS, number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parents[2]
PLAN = "accessctl plan"  # the whole process: start, manifests, read, plan, print
SAMPLES = {"sdk-one-by-one": 300, "httpx-threads": 3000}  # accounts at most; the rest is computed
LABELS = {
    "accessctl": "accessctl, the read",
    PLAN: "accessctl plan, whole process",
    "httpx-threads": "httpx, 10 threads",
    "sdk-batches": "official SDK, batches of 50",
    "sdk-one-by-one": "official SDK, one by one",
}


@dataclass(frozen=True, slots=True)
class Figures:
    """What one contestant took: seconds, seconds of CPU, MiB at its peak, HTTP requests, calls as Meta counts."""

    seconds: float
    cpu: float
    memory: float
    requests: float
    calls: float

    def times(self, factor: float) -> Figures:
        """Return what so many times as many accounts would take; memory stays as it was measured."""
        return Figures(
            self.seconds * factor, self.cpu * factor, self.memory, self.requests * factor, self.calls * factor
        )


class Served:
    """A server of the company in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.url = self._line()

    def asked(self) -> dict[str, int]:
        """Return what was asked of it so far."""
        assert self._process.stdin
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return json.loads(self._line())

    def _line(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().strip()


@contextmanager
def served(accounts: int, latency_ms: float) -> Iterator[Served]:
    """Serve the company until the block ends."""
    args = [sys.executable, "-m", "tests.benchmarks.served", str(accounts), str(latency_ms)]
    with subprocess.Popen(args, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Served(process)
        assert process.stdin
        process.stdin.close()


def write_project(directory: Path, accounts: int) -> None:
    """Declare what the company has, so that the plan has no changes."""
    (directory / "access").mkdir()
    (directory / "accessctl.yaml").write_text("version: 1\nacts_as: [acme]\n")
    names = "".join(f'  agency-{agency}: {{id: "{agency}"}}\n' for agency in AGENCIES)
    businesses = f'businesses:\n  acme: {{id: "{OWNER}"}}\n{names}'
    (directory / "access" / "businesses.yaml").write_text(businesses)
    held = ", ".join(f"agency-{agency}: [{', '.join(TASKS)}]" for agency in AGENCIES)
    for start in range(0, accounts, 100):
        rows = "".join(
            f'  a{one}: {{id: "{number(one)}", owner: acme, agencies: {{{held}}}}}\n'
            for one in range(start, min(start + 100, accounts))
        )
        (directory / "access" / f"accounts-{start}.yaml").write_text(f"ad_accounts:\n{rows}")


def measured(name: str, server: Served, directory: Path, accounts: int) -> Figures:
    """Let one contestant run once; what it reads is checked. A sample is scaled to all accounts."""
    sample = min(accounts, SAMPLES.get(name, accounts))
    before = server.asked()
    ran = whole_process(server.url, directory) if name == PLAN else part(name, server.url, directory, sample)
    after = server.asked()
    asked = {key: after[key] - before[key] for key in after}
    figures = Figures(ran["seconds"], ran["cpu"], ran["memory"], asked["requests"], asked["calls"])
    if name != PLAN and ran["grants"] != sample * len(AGENCIES):
        raise click.ClickException(f"{name} found {ran['grants']} grants of {sample * len(AGENCIES)}")
    return figures.times(accounts / sample)


def part(name: str, url: str, directory: Path, accounts: int) -> Mapping[str, float]:
    """Run a contestant that measures itself: the read alone, without start and imports."""
    args = [sys.executable, "-m", "tests.benchmarks.contestants", name, url, str(accounts)]
    ran = subprocess.run(args, cwd=directory, env=environment(), stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(ran.stdout)


def whole_process(url: str, directory: Path) -> Mapping[str, float]:
    """Run `accessctl plan` and measure it from outside."""
    started = time.perf_counter()
    args = [sys.executable, "-m", "accessctl", "plan", "--graph-url", url]
    with subprocess.Popen(args, cwd=directory, env=environment(), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        said = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if not said.startswith("No changes."):
        raise click.ClickException(f"the plan has changes, or there is none: {said[:200]}")
    seconds = time.perf_counter() - started
    return {"seconds": seconds, "cpu": used.ru_utime + used.ru_stime, "memory": used.ru_maxrss / 1024}


def environment() -> dict[str, str]:
    """Return the environment of a contestant: this one's, without accessctl's settings and proxies."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("ACCESSCTL") and key != "CI"}
    return {**kept, "PYTHONPATH": str(ROOT), "ACCESSCTL_TOKEN": TOKEN, "NO_PROXY": "127.0.0.1"}


def median(runs: list[Figures]) -> Figures:
    """Return the median of each figure by itself."""
    return Figures(*(statistics.median(getattr(run, name) for run in runs) for name in Figures.__slots__))


def table(results: Mapping[str, list[Figures]], accounts: int) -> str:
    """Return a Markdown table; each ratio is the median of the rounds' own ratios to accessctl's read."""
    lines = [
        "| way | seconds | x | requests | calls | CPU s | x | peak MiB |",
        "|---|---|---|---|---|---|---|---|",
    ]
    base = results["accessctl"]
    for name, runs in results.items():
        one = median(runs)
        about = "about " if SAMPLES.get(name, accounts) < accounts else ""
        slower = statistics.median(run.seconds / first.seconds for run, first in zip(runs, base, strict=True))
        busier = statistics.median(run.cpu / first.cpu for run, first in zip(runs, base, strict=True))
        lines.append(
            f"| {LABELS[name]} | {about}{one.seconds:,.2f} | {slower:,.1f} | {about}{one.requests:,.0f} "
            f"| {about}{one.calls:,.0f} | {about}{one.cpu:,.2f} | {busier:,.1f} | {one.memory:,.0f} |"
        )
    return "\n".join(lines)


@click.command()
@click.option("--accounts", default=1000, show_default=True, help="How many ad accounts, five agencies on each.")
@click.option("--latency-ms", default=50.0, show_default=True, help="How late each answer is.")
@click.option("--rounds", default=3, show_default=True, help="How often each way runs, in turn.")
@click.option("--only", multiple=True, type=click.Choice(list(LABELS)), help="These ways alone, and accessctl's read.")
def main(accounts: int, latency_ms: float, rounds: int, only: tuple[str, ...]) -> None:
    """Read a company's access in several ways and compare them."""
    names = [name for name in ("accessctl", PLAN, *list(CONTESTANTS)[1:]) if not only or name in (*only, "accessctl")]
    results: dict[str, list[Figures]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as directory, served(accounts, latency_ms) as server:
        write_project(Path(directory), accounts)
        for turn in range(rounds):
            for name in names:
                results[name].append(measured(name, server, Path(directory), accounts))
                click.echo(f"round {turn + 1}, {LABELS[name]}: {results[name][-1].seconds:.2f} s", err=True)
    click.echo(f"{accounts:,} ad accounts, {latency_ms:g} ms, median of {rounds} rounds\n")
    click.echo(table(results, accounts))


if __name__ == "__main__":
    main()
