"""The tests find what they are there for: faults are planted in a copy, and the named test turns red."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests import plant
from tests.campaigns import examples
from tests.plant import ALL, FAULTS, ROOT, Fault, PlantError

QUICK = ("a write that is tried again", "protected agencies revoked")


def test_each_fault_can_be_planted_in_this_checkout():
    for fault in ALL:
        assert plant.planted(fault, ROOT) != (ROOT / fault.file).read_text()
    assert len({fault.what for fault in ALL}) == len(ALL) >= 15


@pytest.mark.parametrize("text", ["no such text", "\n"])
def test_a_text_that_does_not_stand_there_exactly_once_is_an_error(text, capsys, monkeypatch):
    monkeypatch.setattr(plant, "ALL", (replace(FAULTS[0], text=text),))
    assert plant.main([]) == 1
    assert "times in accessctl/apply/write.py, not once" in capsys.readouterr().err


def test_a_fault_nobody_finds_is_told(capsys, monkeypatch):
    harmless = Fault("harmless", "accessctl/guard.py", "MOST_NAMED = 5", "MOST_NAMED = (5)", "tests/test_tasks.py")
    monkeypatch.setattr(plant, "ALL", (harmless,))
    assert plant.main(["harmless"]) == 1
    assert "GREEN  harmless" in capsys.readouterr().out


def test_a_test_that_does_not_exist_is_an_error_and_not_red():
    with pytest.raises(PlantError, match="cannot be run"):
        plant.outcome(ROOT, "tests/test_tasks.py::test_of_nothing")


def test_two_planted_faults_are_found(capsys):
    assert plant.main(QUICK) == 0
    assert "2 of 2 faults were found" in capsys.readouterr().out


@pytest.mark.campaign
def test_all_planted_faults_are_found(capsys):
    with capsys.disabled():
        assert plant.plant(ALL[:: 50 // examples(50)]) == 0
