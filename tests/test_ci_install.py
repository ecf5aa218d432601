"""How the kits come to their accessctl: a wheel that lies in the user's repository, and packages by their hashes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import pytest

from accessctl import __version__
from tests.ci_place import CI, building

ROOT = Path(__file__).parent.parent
WHEEL = f"accessctl-{__version__}-py3-none-any.whl"
PINNED = re.compile(
    r"^([a-z0-9-]+)==([0-9.]+)(?: ; [^\\]+)? \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.MULTILINE
)


def run(*words: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    return subprocess.run(words, env=environ | more, capture_output=True, text=True, timeout=120)


def locked() -> dict[str, str]:
    text = (CI / "install" / "requirements.txt").read_text()
    found = {name: version for name, version, _ in PINNED.findall(text)}
    rest = PINNED.sub("", text)
    assert [line for line in rest.splitlines() if not line.startswith("#")] == []
    return found


def test_every_package_is_bound_by_its_hashes_and_none_is_missing():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    found = locked()
    for wanted in (*project["dependencies"], *project["optional-dependencies"]["state"]):
        name, least = wanted.split(">=")
        assert tuple(map(int, found[name].split("."))) >= tuple(map(int, least.split("."))), wanted
    assert "accessctl" not in found


def test_no_kit_takes_accessctl_by_its_name():
    for path in (*CI.rglob("*.sh"), *CI.rglob("*.y*ml"), *CI.rglob("*.txt"), *CI.glob("Dockerfile"), *CI.rglob("*.md")):
        text = path.read_text()
        assert not re.search(r"accessctl(\[state\])?==|pip install", text), path
        assert not re.search(r"requirements\.in\b", text), path


@pytest.fixture
def kit(tmp_path) -> Path:
    """A kit with some wheel in it, and its sha256."""
    place = shutil.copytree(CI / "install", tmp_path / "install")
    (place / WHEEL).write_bytes(b"a wheel")
    (place / "accessctl.sha256").write_text(subprocess.check_output(["sha256sum", WHEEL], cwd=place, text=True))
    return place


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("echo more >> accessctl-*.whl", "did NOT match"),
        ("rm accessctl-*.whl", "could not be read"),
        ("rm accessctl.sha256", "hint: run examples/ci/vendor.sh of a checkout of accessctl"),
        (": > accessctl.sha256", "must be one line"),
        ("sed -i 's/ accessctl/ ..\\/accessctl/' accessctl.sha256", "must be one line"),
        ("cat accessctl.sha256 accessctl.sha256 > x; mv x accessctl.sha256", "must be one line"),
    ],
)
def test_a_wheel_that_is_not_the_reviewed_one_is_not_installed(kit, tmp_path, change, told):
    subprocess.run(["bash", "-euc", change], cwd=kit, check=True)
    done = run(kit / "install.sh", tmp_path / "place")
    assert done.returncode == 1
    assert told in done.stdout + done.stderr
    assert not (tmp_path / "place").exists()


def test_what_is_put_into_a_kit_is_this_accessctl_and_can_be_installed(tmp_path):
    put = run(CI / "vendor.sh", tmp_path / "kit", **building())
    assert put.returncode == 0, put.stderr
    place = tmp_path / "kit" / "install"
    names = ["accessctl.sha256", WHEEL, "install.sh", "requirements.txt"]
    assert sorted(path.name for path in place.iterdir()) == sorted(names)
    (place / "requirements.txt").write_text("# They are there already: no network.\n")
    packages = {"PYTHONPATH": sysconfig.get_path("purelib"), "PIP_NO_INDEX": "1"}
    done = run(place / "install.sh", tmp_path / "venv", **packages)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"accessctl {__version__}\n"
    found = run(tmp_path / "venv" / "bin" / "python", "-I", "-c", "import accessctl; print(accessctl.__file__)")
    assert found.stdout.startswith(str(tmp_path / "venv"))
