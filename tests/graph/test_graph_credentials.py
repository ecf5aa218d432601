"""Tokens come from the environment, files or a command, and go to the right business."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from graph_peer import CANARY

from accessctl.errors import AccessctlError
from accessctl.graph import credentials
from accessctl.graph.credentials import mask_lines, read_credentials, variable

ACTING = {"1001": "acme", "2002": "media-house"}


def write(path, text, mode=0o600):
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(mode)
    return str(path)


def refused(environ, acting=ACTING, command=""):
    with pytest.raises(AccessctlError) as caught:
        read_credentials(environ, acting, command)
    assert CANARY not in f"{caught.value.what} {caught.value.hint}"
    return caught.value


def script(tmp_path, body):
    path = tmp_path / "give-token"
    path.write_text(f"#!{sys.executable}\nimport os, sys\n{body}\n")
    path.chmod(0o700)
    return str(path)


def test_one_token_serves_every_business():
    found = read_credentials({"ACCESSCTL_TOKEN": CANARY}, ACTING)

    assert [found.for_business(key).reveal() for key in ACTING] == [CANARY, CANARY]
    assert (found.app_secret, found.unmasked, found.warnings) == (None, (), ())


def test_a_businesss_own_token_comes_before_the_command_and_the_token_for_all(tmp_path):
    command = script(tmp_path, "print('from-command')")
    environ = {**os.environ, "ACCESSCTL_TOKEN": "all", "ACCESSCTL_TOKEN_MEDIA_HOUSE": "own"}
    found = read_credentials(environ, {**ACTING, "3": "third"}, command)

    assert [found.for_business(key).reveal() for key in ("1001", "2002", "3")] == [
        "from-command",
        "own",
        "from-command",
    ]


def test_an_alias_becomes_a_variable_in_capitals():
    assert variable("media-house_2") == "ACCESSCTL_TOKEN_MEDIA_HOUSE_2"


def test_a_missing_token_names_its_variable_and_its_kind():
    found = read_credentials({"ACCESSCTL_TOKEN_ACME": "x", "ACCESSCTL_TOKEN": ""}, ACTING)

    with pytest.raises(AccessctlError) as caught:
        found.for_business("2002")

    assert caught.value.what == "no token for media-house (business 2002)"
    assert "ACCESSCTL_TOKEN_MEDIA_HOUSE " in caught.value.hint
    assert "system user" in caught.value.hint
    with pytest.raises(AccessctlError, match="business 9"):
        found.for_business("9")


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_file_gives_its_token_without_the_last_line_end(tmp_path, end):
    path = write(tmp_path / "token", CANARY + end)
    found = read_credentials({"ACCESSCTL_TOKEN_ACME_FILE": path, "ACCESSCTL_APP_SECRET_FILE": path}, ACTING)

    assert found.for_business("1001").reveal() == CANARY
    assert found.app_secret.reveal() == CANARY
    assert found.warnings == ()


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_file_others_can_read_is_warned_about(tmp_path, mode):
    path = write(tmp_path / "token", CANARY, mode)
    found = read_credentials({"ACCESSCTL_TOKEN_FILE": path}, ACTING)

    (warning,) = found.warnings
    assert "chmod 600" in warning
    assert CANARY not in warning


def test_a_link_to_a_regular_file_is_followed_for_that_is_how_clusters_mount_secrets(tmp_path):
    write(tmp_path / "real", CANARY)
    (tmp_path / "link").symlink_to(tmp_path / "real")

    assert (
        read_credentials({"ACCESSCTL_TOKEN_FILE": str(tmp_path / "link")}, ACTING).for_business("1001").reveal()
        == CANARY
    )


def test_what_is_no_regular_file_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", "/dev/zero", "/dev/null"):
        assert "not a regular file" in refused({"ACCESSCTL_TOKEN_FILE": str(path)}).what
    for path in (tmp_path / "none", "a\0b"):
        assert "cannot be read" in refused({"ACCESSCTL_TOKEN_FILE": str(path)}).what


@pytest.mark.parametrize("name", ["ACCESSCTL_TOKEN", "ACCESSCTL_TOKEN_ACME", "ACCESSCTL_APP_SECRET"])
def test_a_variable_and_its_file_are_not_both_given(tmp_path, name):
    path = write(tmp_path / "token", CANARY)

    assert refused({name: CANARY, f"{name}_FILE": path}).what == f"both {name} and {name}_FILE are set"


@pytest.mark.parametrize(
    "value",
    ["a b", "a\nX-Evil: 1", "a\r\n\r\nGET /", " a", "a ", "a\n\n", "a\tb", "tökén", "a\0", "a\x7f", "a" * 4097, "\n"],
)
def test_a_token_is_one_line_of_visible_ascii(tmp_path, value):
    assert "no token" in refused({"ACCESSCTL_TOKEN": value}).what
    assert "no token" in refused({"ACCESSCTL_TOKEN_FILE": write(tmp_path / "token", value)}).what


def test_an_empty_file_or_one_of_bytes_is_no_token(tmp_path):
    for content in (b"", b"\xff\xfe\x00", b"x" * 10_000):
        refused({"ACCESSCTL_TOKEN_FILE": write(tmp_path / "token", content)})


def test_a_command_gives_a_token_for_each_business(tmp_path):
    command = script(tmp_path, "print('token-of-' + os.environ['ACCESSCTL_BUSINESS'], *sys.argv[1:], sep='+')")
    found = read_credentials(dict(os.environ), ACTING, f"{command} 'a;b' $HOME")

    assert found.for_business("1001").reveal() == "token-of-acme+a;b+$HOME"
    assert found.for_business("2002").reveal() == "token-of-media-house+a;b+$HOME"


def test_a_command_runs_without_our_secrets(tmp_path):
    seen = tmp_path / "seen"
    command = script(tmp_path, f"open({str(seen)!r}, 'w').write(repr(dict(os.environ)))\nprint('t')")
    secret = dict.fromkeys(("ACCESSCTL_TOKEN", "ACCESSCTL_TOKEN_X", "ACCESSCTL_APP_SECRET", "FB_APP_SECRET"), CANARY)
    read_credentials({**os.environ, **secret, "KEPT": "yes"}, {"1": "one"}, command)

    assert CANARY not in seen.read_text()
    assert "'KEPT': 'yes'" in seen.read_text()
    assert "'ACCESSCTL_BUSINESS': 'one'" in seen.read_text()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (f"print({CANARY!r}); print({CANARY!r}, file=sys.stderr); sys.exit(3)", "exit code 3"),
        (f"print({CANARY!r}, {CANARY!r})", "no token"),
        ("pass", "no token"),
        ("sys.stdout.buffer.write(b'\\xff')", "no token"),
    ],
)
def test_a_command_that_gives_no_token_is_told_without_its_output(tmp_path, capfd, body, words):
    assert words in refused(dict(os.environ), {"1": "one"}, script(tmp_path, body)).what
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("command", "words"),
    [("/no/such/thing", "does not start"), ("'open", "quotes"), ("a\0b", "quotes"), (" ", "quotes")],
)
def test_a_command_that_cannot_be_started_is_told(command, words):
    assert words in refused(dict(os.environ), ACTING, command).what


def test_a_command_that_hangs_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(credentials, "COMMAND_SECONDS", 0.2)

    assert "longer than" in refused(dict(os.environ), ACTING, script(tmp_path, "import time; time.sleep(30)")).what


@pytest.mark.parametrize(
    ("acting", "name"),
    [
        ({"1": "a-b", "2": "a_b"}, "ACCESSCTL_TOKEN_A_B"),
        ({"1": "x", "2": "x-file"}, "ACCESSCTL_TOKEN_X_FILE"),
        ({"1": "file"}, "ACCESSCTL_TOKEN_FILE"),
    ],
)
def test_a_variable_that_could_be_meant_for_two_businesses_is_refused(acting, name):
    assert name in refused({name: CANARY}, acting).what
    assert read_credentials({}, acting).tokens == {}


def test_github_hides_what_it_did_not_hand_out(tmp_path):
    path = write(tmp_path / "token", "from%file")
    command = script(tmp_path, "print('from-command')")
    environ = {**os.environ, "ACCESSCTL_TOKEN_ACME_FILE": path, "ACCESSCTL_APP_SECRET": "known"}
    found = read_credentials(environ, ACTING, command)

    assert mask_lines(found.unmasked, {"GITHUB_ACTIONS": "true"}) == (
        "::add-mask::from%25file",
        "::add-mask::from-command",
    )
    assert mask_lines(found.unmasked, {}) == ()


def test_credentials_show_no_token():
    found = read_credentials({"ACCESSCTL_TOKEN": CANARY, "ACCESSCTL_APP_SECRET": CANARY}, ACTING)

    assert CANARY not in repr(found)


def test_the_token_of_a_running_process_is_not_in_its_arguments(tmp_path):
    code = (
        "import os, sys; from accessctl.graph.credentials import read_credentials;"
        "read_credentials(os.environ, {'1': 'one'}).for_business('1'); print(open('/proc/self/cmdline').read())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "ACCESSCTL_TOKEN": CANARY, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0
    assert CANARY not in done.stdout
