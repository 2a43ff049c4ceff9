"""Refitted thresholds: each on the answers of its own flavour, and never on the evaluation examples."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fieldpack.build import thresholds
from fieldpack.build.thresholds import make_thresholds, stated_thresholds, threshold_files
from fieldpack.bundle.manifest import FlavourKind
from fieldpack.contract import Contract
from fieldpack.errors import ContractError, SpecError

LABELS = {"scores": ("bee", "moth")}
SCORES = np.array([[0.2, 0.9], [0.4, 0.8], [0.6, 0.1], [0.8, 0.3]], np.float32)
PRESENCE = np.array([[0, 1], [0, 1], [1, 0], [1, 0]], np.bool_)


@dataclass
class Calibration:
    """What of the examples is looked at."""

    prepared: Any


def calibration(presence: Any = PRESENCE, labels: Any = None) -> Any:
    groups = np.arange(4)
    return Calibration(SimpleNamespace(groups=groups, blocks=None, presence=presence, labels=labels))


def spec(**words: Any) -> Any:
    output = {"name": "scores", "activation": "sigmoid", "labels": "labels.txt", "threshold": 0.5, **words}
    place = {"kind": "location", "name": "place", "encoding": "degrees"}
    return SimpleNamespace(contract=Contract.model_validate({"inputs": [place], "outputs": [output]}))


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The source gives SCORES; the flavour the same, 0.1 lower."""
    facts = SimpleNamespace(outputs=("source",))
    monkeypatch.setattr(thresholds, "save_source_tensors", lambda *words: {})
    monkeypatch.setattr(
        thresholds, "Conversion", lambda *words: SimpleNamespace(answers_of_source=lambda: facts)
    )
    monkeypatch.setattr(thresholds, "load_outputs", lambda files: {"scores": SCORES})
    monkeypatch.setattr(thresholds, "run_flavour", lambda *words: {"scores": SCORES - np.float32(0.1)})


def made(stated: Any, examples: Any, folder: Path) -> Any:
    flavour: Any = SimpleNamespace(name="small", kind=FlavourKind.TFLITE)
    return make_thresholds(stated, LABELS, examples, [flavour], folder, lambda *words: None)


@pytest.mark.usefixtures("answers")
def test_a_flavour_has_its_own(tmp_path: Path) -> None:
    found = made(spec(refit="f1"), calibration(), tmp_path)
    assert np.allclose(found.source["scores"], [0.5, 0.55])
    assert np.allclose(found.of("small", "scores"), [0.4, 0.45])
    assert list(threshold_files(found)) == [
        "labels/scores.thresholds.csv",
        "flavours/small/scores.thresholds.csv",
    ]


@pytest.mark.usefixtures("answers")
def test_labels_stand_for_presences_and_a_stated_one_for_what_is_nowhere(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("label,threshold\nmoth,0.25\nbee,\n")
    stated = spec(refit="lpt_5", thresholds=str(tmp_path / "t.csv"))
    found = made(stated, calibration(None, np.array([-1, -1, 0, 0])), tmp_path)
    assert np.allclose(found.of("small", "scores"), [0.51, 0.25])


@pytest.mark.usefixtures("answers")
def test_what_cannot_be_fitted_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="nothing says where"):
        made(spec(refit="f1"), calibration(None), tmp_path)
    with pytest.raises(SpecError, match="for other labels"):
        made(spec(refit="f1"), calibration(PRESENCE[:, :1]), tmp_path)


def test_stated_ones_are_read_before_anything_is_made(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    with pytest.raises(SpecError, match="cannot be read"):
        stated_thresholds(spec(thresholds=str(path)), LABELS)
    path.write_text("label,threshold\nant,1\n")
    with pytest.raises(ContractError, match="other labels"):
        stated_thresholds(spec(thresholds=str(path)), LABELS)
    path.write_text("label,threshold\nmoth,0.25\nbee,0.75\n")
    found = make_thresholds(spec(thresholds=str(path)), LABELS, None, [], tmp_path, lambda *words: None)
    assert found.of("any", "scores").tolist() == [0.75, 0.25]  # type: ignore[union-attr]
