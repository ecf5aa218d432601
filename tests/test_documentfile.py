"""A document is on disk whole or not at all, and a failure leaves no rest of it behind."""

from __future__ import annotations

import os
import resource
import stat
import subprocess
import sys
import threading

import pytest

from accessctl.documentfile import check_writable, remove_old, write_whole
from accessctl.errors import AccessctlError


@pytest.fixture
def full():
    """Let no file of this process be longer than 4,096 bytes: the kernel refuses the rest of a write."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_takes_no_more_leaves_the_old_file_and_nothing_else(tmp_path, full):
    path = tmp_path / "plan.json"
    write_whole(path, "old")
    with pytest.raises(AccessctlError, match="cannot be written"):
        write_whole(path, "x" * 100_000)
    assert [file.name for file in tmp_path.iterdir()] == ["plan.json"]
    assert path.read_text() == "old"


def test_a_place_that_cannot_be_replaced_leaves_nothing_behind(tmp_path):
    (tmp_path / "plan.json").mkdir()
    with pytest.raises(AccessctlError, match="cannot be written"):
        write_whole(tmp_path / "plan.json", "new")
    assert [file.name for file in tmp_path.iterdir()] == ["plan.json"]


def test_text_that_is_no_text_leaves_nothing_behind(tmp_path):
    with pytest.raises(UnicodeEncodeError):
        write_whole(tmp_path / "plan.json", "\ud800")
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_replaced_whole_and_is_its_owners_alone(tmp_path):
    path = tmp_path / "plan.json"
    for text in ("first", "second"):
        write_whole(path, text)
        assert (path.read_text(), path.stat().st_mode & 0o777) == (text, 0o600)
    assert [file.name for file in tmp_path.iterdir()] == ["plan.json"]


# What is there already, and is no file.


@pytest.fixture
def pipe(tmp_path):
    """A pipe with a name, and what its reader has got by its end; no write to it waits for ever."""
    path, got = tmp_path / "pipe", list[str]()
    os.mkfifo(path)
    reader = threading.Thread(target=lambda: got.append(path.read_text()), daemon=True)
    reader.start()
    yield path, got, reader
    os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK))  # lets a reader go that nobody wrote to
    reader.join(10)


def test_a_pipe_takes_the_text_and_stays_a_pipe(pipe):
    path, got, reader = pipe
    write_whole(path, "to the reader")
    reader.join(10)
    assert got == ["to the reader"]
    assert stat.S_ISFIFO(path.stat().st_mode)
    assert [file.name for file in path.parent.iterdir()] == ["pipe"]


def test_a_pipe_is_neither_opened_by_a_look_nor_removed(pipe):
    path, got, reader = pipe
    check_writable(path)
    remove_old(path)
    assert stat.S_ISFIFO(path.stat().st_mode)
    write_whole(path, "first")
    reader.join(10)
    assert got == ["first"]


@pytest.mark.parametrize("is_there", [True, False])
def test_a_link_stays_and_what_it_leads_to_is_written(tmp_path, is_there):
    (tmp_path / "there").mkdir()
    real, link = tmp_path / "there" / "real.md", tmp_path / "link.md"
    link.symlink_to(real)
    if is_there:
        real.write_text("old")
    check_writable(link)
    write_whole(link, "new")
    assert link.is_symlink()
    assert (real.read_text(), real.is_symlink()) == ("new", False)
    remove_old(link)
    assert (link.is_symlink(), real.exists()) == (True, False)


def test_a_link_that_leads_to_itself_cannot_be_written(tmp_path):
    link = tmp_path / "link.md"
    link.symlink_to(link)
    for use in (check_writable, remove_old, lambda path: write_whole(path, "new")):
        with pytest.raises(AccessctlError, match="cannot be"):
            use(link)
    assert link.is_symlink()


def test_our_own_output_keeps_what_is_printed_there_before_and_after(tmp_path):
    code = "import sys; from pathlib import Path; from accessctl.documentfile import write_whole as write; "
    code += "print('one', flush=True); write(Path(sys.argv[1]), 'two\\n'); print('three')"
    out = tmp_path / "out.txt"
    with out.open("w") as stdout:
        subprocess.run([sys.executable, "-c", code, str(out)], stdout=stdout, check=True)
    assert out.read_text() == "one\ntwo\nthree\n"


def test_a_look_whether_a_file_can_be_written_changes_nothing(tmp_path):
    path = tmp_path / "plan.json"
    check_writable(path)
    assert list(tmp_path.iterdir()) == []
    path.write_text("old")
    check_writable(path)
    assert (path.read_text(), list(tmp_path.iterdir())) == ("old", [path])


@pytest.mark.parametrize("name", ["missing/plan.json", "file/plan.json", "directory", "x" * 250])
def test_a_look_finds_what_a_write_would_fail_at(tmp_path, name):
    (tmp_path / "file").write_text("")
    (tmp_path / "directory").mkdir()
    for use in (check_writable, lambda path: write_whole(path, "new")):
        with pytest.raises(AccessctlError, match="cannot be written"):
            use(tmp_path / name)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["directory", "file"]
