"""The list of faults fits the files of today, and three of them are planted and noticed."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

import fieldpack
from fieldpack.errors import InputError
from fieldpack_benchmarks.mutation.fault import Fault, load_faults
from fieldpack_benchmarks.mutation.trial import OWN, Trial, peer_files
from fieldpack_benchmarks.studies.coreml_mutation import WANTED_COUNT, study_of, trials_of
from fieldpack_benchmarks.study import Study

FAULTS = load_faults()
COREML = Path(fieldpack.__file__).parent / "coreml"


def fault(**changed: str) -> Fault:
    fields = {
        "name": "a", "family": "f", "operator": "relu", "file": "ops/relu.py",
        "old": "x", "new": "y", "breaks": "b",
    }  # fmt: skip
    return Fault(**{**fields, **changed})


@pytest.mark.parametrize("planted", FAULTS, ids=[item.name for item in FAULTS])
def test_every_fault_can_be_planted(planted: Fault) -> None:
    source = (COREML / planted.file).read_text(encoding="utf-8")
    assert planted.plant(source) != source
    assert planted.breaks


def test_the_faults_are_many_and_spread() -> None:
    families: dict[str, int] = {}
    for item in FAULTS:
        families[item.family] = families.get(item.family, 0) + 1
    assert len(FAULTS) >= 2 * WANTED_COUNT
    assert len(families) >= 8
    assert min(families.values()) >= 3
    assert len({item.operator for item in FAULTS}) >= 60


@pytest.mark.parametrize(
    ("source", "changed", "message"),
    [
        ("z", {}, "0 times"),
        ("x = x", {}, "2 times"),
        ("x = 1", {"new": "x"}, "cannot be planted"),
        ("x = 1", {"new": "("}, "gives no Python"),
    ],
)
def test_a_fault_that_does_not_fit_is_refused(source: str, changed: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        fault(**changed).plant(source)


def test_a_malformed_list_is_refused(tmp_path: Path) -> None:
    entry = '[[faults]]\nname="a"\noperator="o"\nfile="x"\nold="a"\nnew="b"\n'
    (tmp_path / "family.toml").write_text(entry)
    with pytest.raises(InputError, match="malformed"):
        load_faults(tmp_path)
    (tmp_path / "family.toml").write_text(entry + 'breaks="b"\n')
    (tmp_path / "other_one.toml").write_text(entry.replace('"a"', '"b"', 1) + 'breaks="b"\n')
    assert [item.family for item in load_faults(tmp_path)] == ["family", "other one"]
    (tmp_path / "other_one.toml").write_text(entry + 'breaks="b"\n')
    with pytest.raises(InputError, match="one name"):
        load_faults(tmp_path)


def test_three_seeded_faults_are_noticed() -> None:
    chosen = random.Random(11).sample(FAULTS, 3)
    trials = trials_of(chosen, lambda stage, done: None, ask_peer=False)
    assert [(trial.fault.name, trial.by) for trial in trials] == [(item.name, OWN) for item in chosen]
    assert all("test" in trial.test for trial in trials)


def test_the_record_counts_who_noticed() -> None:
    trials = [
        Trial(fault(name="a"), OWN, "t", 1.0),
        Trial(fault(name="b"), "peer", "t", 1.0),
        Trial(fault(name="c", family="g"), "", "", 1.0),
    ]
    record: Study = study_of(trials, quick=False)
    assert not record.holds
    assert record.rows[0] == {"family": "f", "planted": 2, "own": 1, "peer": 1, "missed": ""}
    assert record.rows[1]["missed"] == "c"
    assert record.notes[0].startswith("2 of 3 faults noticed")
    assert study_of(trials[:1] * 40, quick=False).holds


@pytest.mark.full
def test_the_peers_files_are_found_by_what_they_build() -> None:
    pytest.importorskip("coremltools", reason='pip install "fieldpack[coreml-convert]"')
    chosen = peer_files(next(item for item in FAULTS if item.operator == "topk"))
    assert chosen
    assert all(name.startswith("coremltools/") for name in chosen)
    assert len(chosen) < len(peer_files(fault(operator="no_such_operator")))
