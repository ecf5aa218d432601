"""A document is on disk whole or not at all, and a failure leaves no rest of it behind."""

from __future__ import annotations

import resource

import pytest

from accessctl.documentfile import write_whole
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
