"""However the program ends, it ends in words and with its exit code."""

from __future__ import annotations

import click
import pytest

from accessctl import __main__ as program
from accessctl.cli import cli
from accessctl.errors import AccessctlError, ManifestError, Problem, RefusedError, StaleError
from accessctl.model import Place

CASES = [
    (AccessctlError("what", "next"), 1, "error: what\nhint: next\n"),
    (AccessctlError("what"), 1, "error: what\n"),
    (RefusedError("what", "next"), 3, "refused: what\nhint: next\n"),
    (StaleError("what"), 4, "error: what\n"),
    (click.UsageError("no"), 64, "error: no\nhint: accessctl --help shows what can be given\n"),
    (click.ClickException("no"), 1, "error: no\n"),
    (click.Abort(), 130, "interrupted\n"),
    (KeyboardInterrupt(), 130, "interrupted\n"),
    (program.Terminated(), 143, "terminated\n"),
    (ZeroDivisionError("secret"), 1, "error: ZeroDivisionError in accessctl itself\n"),
    (
        ManifestError(
            [Problem(Place("b.yaml", 2), "two"), Problem(Place("a.yaml"), "one")], [Problem(Place("c"), "w")]
        ),
        1,
        "warning: c:1:1: w\na.yaml:1:1: one\nb.yaml:2:1: two\nerror: 2 problems in 2 files\n",
    ),
]


@pytest.mark.parametrize(("error", "code", "said"), CASES)
def test_every_end_has_its_words_and_its_code(monkeypatch, capsys, error, code, said):
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.delenv("ACCESSCTL_DEBUG", raising=False)
    monkeypatch.setattr(cli, "main", fail)
    assert program.run([]) == code
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(said)
    assert "secret" not in printed.err


def test_a_slip_of_our_own_shows_where_only_when_asked(monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setenv("ACCESSCTL_DEBUG", "1")
    monkeypatch.setattr(cli, "main", fail)
    with pytest.raises(ZeroDivisionError):
        program.run([])


def test_main_exits_with_the_code(monkeypatch):
    monkeypatch.setattr(cli, "main", lambda *_, **__: 5)
    with pytest.raises(SystemExit) as caught:
        program.main([])
    assert caught.value.code == 5
    monkeypatch.setattr(cli, "main", lambda *_, **__: None)
    assert program.run([]) == 0
