"""The search from ``pack.toml`` to a bundle and back, on a file that needs no framework."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.bundle.read import open_bundle
from fieldpack.cli.main import main
from fieldpack.testing import TINY_LABELS, TINY_SPEC, tiny_tflite

pytestmark = pytest.mark.full

PACK = f"""{TINY_SPEC}
[data]
golden = 2
evaluation = {{ kind = "arrays", inputs = {{ vector = "evaluation.npy" }} }}
calibration = {{ kind = "arrays", inputs = {{ vector = "calibration.npy" }} }}
confirm = {{ kind = "arrays", inputs = {{ vector = "confirm.npy" }} }}

[[flavours]]
kind = "tflite"
name = "small"
method = "dynamic_int8"
io = "float32"
fold_scaling = false

[search]
flavour = "small"
stop = "pareto"

[[search.stages]]
name = "float32"
cost = 0
flavour = {{ method = "float32" }}

[[search.stages]]
name = "mixed"
cost = 1
flavour = {{ mixed = {{ methods = ["dynamic_int8"], share = 0.9, examples = 8 }} }}

[budget.every]
top1_agreement = 0.8
"""


def _pack(folder: Path, *edits: tuple[str, str]) -> Path:
    (folder / "model.tflite").write_bytes(tiny_tflite())
    (folder / "labels.txt").write_text("\n".join(TINY_LABELS) + "\n")
    for seed, name in enumerate(("evaluation", "calibration", "confirm")):
        values = np.random.default_rng(seed).uniform(-1, 1, (80, 4)).astype(np.float32)
        np.save(folder / f"{name}.npy", values)
    text = PACK
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new)
    path = folder / "pack.toml"
    path.write_text(text)
    return path


def _searched(path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    folder = path.parent
    code = main(
        ["search", str(path), "--out", str(folder / "best"), "--store", str(folder / "store"), "--json"]
    )
    return code, json.loads(capsys.readouterr().out)


def test_the_winner_is_confirmed_and_built_again_alike(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = _pack(tmp_path)
    code, found = _searched(path, capsys)
    assert code == 0
    assert [trial["status"] for trial in found["trials"]] == ["done", "done"]
    assert found["confirmed"]["outcome"] == "pass"
    assert found["confirmed"]["items"] == 80
    with open_bundle(tmp_path / "best") as bundle:
        evidence = json.loads(bundle.read(bundle.manifest.evidence))
    assert evidence["search"]["confirmed"] == found["confirmed"]
    assert evidence["search"]["choice"]["stage"] == found["trials"][found["best"]]["stage"]
    assert main(["rebuild", str(path), "--check", str(tmp_path / "best")]) == 0
    assert "IDENTICAL" in capsys.readouterr().out
    path.write_text(path.read_text().replace("seed = 1", "seed = 2"))
    assert main(["rebuild", str(path), "--check", str(tmp_path / "best")]) == 1
    assert "DIFFERENT" in capsys.readouterr().out


def test_a_winner_that_fails_where_no_trial_looked_is_not_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    only_integers = PACK[
        PACK.index('[[search.stages]]\nname = "float32"') : PACK.index('[[search.stages]]\nname = "mixed')
    ]
    path = _pack(tmp_path, (only_integers, ""))
    np.save(tmp_path / "confirm.npy", _undecided(tmp_path / "model.tflite", 80))
    code, found = _searched(path, capsys)
    assert code == 1
    assert found["trials"][found["best"]]["outcome"] == "pass"
    assert found["confirmed"]["outcome"] == found["outcome"] == "fail"
    assert found["bundle"] is None
    assert not (tmp_path / "best").exists()


def _undecided(model: Path, count: int) -> np.ndarray:
    """Inputs [count, 4] whose two best scores hardly differ, so that rounding turns many."""
    from ai_edge_litert.interpreter import Interpreter

    engine = Interpreter(str(model))
    engine.allocate_tensors()
    (given,), (taken,) = engine.get_input_details(), engine.get_output_details()
    vectors = np.random.default_rng(9).uniform(-1, 1, (20_000, 4)).astype(np.float32)
    margins = []
    for vector in vectors:
        engine.set_tensor(given["index"], vector[None])
        engine.invoke()
        scores = np.sort(engine.get_tensor(taken["index"])[0])
        margins.append(scores[-1] - scores[-2])
    return vectors[np.argsort(margins)[:count]]


def test_confirming_on_what_a_trial_saw_is_refused_before_the_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = _pack(tmp_path, ('"confirm.npy"', '"calibration.npy"'))
    code = main(["search", str(path), "--out", str(tmp_path / "best"), "--store", str(tmp_path / "store")])
    assert code == 2
    assert "[data.calibration] and [data.confirm] have examples in common" in capsys.readouterr().err
    assert list((tmp_path / "store").iterdir()) == []
