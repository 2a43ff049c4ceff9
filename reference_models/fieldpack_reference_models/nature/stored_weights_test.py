"""The committed weights of both models: they fit their card, are halves, open, and reach its figures."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.spec import TableData, load_spec
from fieldpack_reference_models.learning.program import Trainable
from fieldpack_reference_models.nature_keras import train as keras_train
from fieldpack_reference_models.nature_torch import train as torch_train

ROOT = Path(os.environ.get("FIELDPACK_DATA", Path(__file__).parents[4] / "shared" / "data"))
LARGEST_BYTES = 12_000_000
MODELS = [keras_train.MODEL, torch_train.MODEL]
IDS = ["keras", "torch"]
# In a process of its own, since frameworks keep threads.
_PREDICT = """
import json, sys
import numpy as np
from importlib import import_module
from pathlib import Path
model = import_module(sys.argv[1] + ".train").MODEL
learner = model.load(Path(sys.argv[2]), model.contract, len(model.labels), model.recipe)
shares = learner.predict(np.zeros((2, *model.contract.shape), np.float32))
print(json.dumps({
    "shape": list(shares.shape), "sums": shares.sum(axis=1).tolist(), "parameters": learner.parameters,
}))
"""


def _card(model: Trainable) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((model.folder / "card.json").read_text(encoding="utf-8"))
    return found


def _weights(model: Trainable) -> Path:
    return model.folder / str(_card(model)["model"]["file"])


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    run = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, env=environment)
    assert run.returncode == 0, run.stderr[-2000:]
    return run


@pytest.mark.parametrize("model", MODELS, ids=IDS)
def test_the_card_belongs_to_the_weights_and_the_record(model: Trainable) -> None:
    card, weights = _card(model), _weights(model)
    assert hashlib.sha256(weights.read_bytes()).hexdigest() == card["model"]["sha256"]
    assert weights.stat().st_size == card["model"]["size_bytes"] < LARGEST_BYTES
    assert card["training"] == json.loads((model.folder / "training.json").read_text(encoding="utf-8"))
    assert card["classes"] == list(model.labels)
    assert len(set(model.labels)) == 40


@pytest.mark.parametrize("model", MODELS, ids=IDS)
def test_the_recipe_of_the_code_is_the_one_of_the_record(model: Trainable) -> None:
    assert _card(model)["training"]["recipe"] == asdict(model.recipe)


@pytest.mark.parametrize("model", MODELS, ids=IDS)
def test_the_pack_opens_and_evaluates_on_val(model: Trainable) -> None:
    spec = load_spec(model.folder / "pack.toml")
    tables = (spec.data.training, spec.data.calibration, spec.data.evaluation)
    splits = [table.where.get("split") for table in tables if isinstance(table, TableData)]
    assert splits == [("train",), ("train",), ("val",)]
    assert [flavour.name for flavour in spec.flavours] == [
        "tflite-float32",
        "tflite-float16",
        "tflite-int8",
        "coreml-fp16",
        "coreml-int8",
    ]
    assert Path(spec.source.path) == _weights(model)


def test_keras_stores_halves() -> None:
    h5py = pytest.importorskip("h5py", reason="pip install 'fieldpack[keras]'")
    dtypes: set[str] = set()
    with zipfile.ZipFile(_weights(keras_train.MODEL)) as archive:
        content = io.BytesIO(archive.read("model.weights.h5"))
    with h5py.File(content) as file:
        file.visititems(lambda name, item: dtypes.update({str(item.dtype)} if hasattr(item, "dtype") else ()))
    assert dtypes == {"float16"}


def test_torch_stores_halves_that_the_network_takes_as_floats() -> None:
    torch = pytest.importorskip("torch", reason="pip install 'fieldpack[torch]'")
    from fieldpack_reference_models.nature_torch import network

    state = torch.load(_weights(torch_train.MODEL), weights_only=True)
    assert {value.dtype for value in state.values()} == {torch.float16}
    module = network.build(40)
    module.load_state_dict(state)
    assert {value.dtype for value in module.parameters()} == {torch.float32}
    assert all(np.isfinite(value.numpy()).all() for value in module.state_dict().values())
    with torch.no_grad():
        scores = module(torch.zeros((2, *torch_train.MODEL.contract.shape)))
    assert scores.shape == (2, 40)
    assert (
        sum(value.numel() for value in module.parameters()) == _card(torch_train.MODEL)["model"]["parameters"]
    )


@pytest.mark.full
def test_the_keras_weights_open_and_give_shares() -> None:
    pytest.importorskip("keras", reason="pip install 'fieldpack[keras]'")
    model = keras_train.MODEL
    found = json.loads(_run("-c", _PREDICT, model.module, str(_weights(model))).stdout.splitlines()[-1])
    assert found["shape"] == [2, 40]
    assert found["sums"] == pytest.approx([1, 1], abs=1e-5)
    assert found["parameters"] == _card(model)["model"]["parameters"]


@pytest.mark.full
@pytest.mark.parametrize("model", MODELS, ids=IDS)
def test_the_weights_reach_the_validation_accuracy_of_the_card(model: Trainable) -> None:
    if not (ROOT / "vision" / "manifest.csv").is_file():
        pytest.skip(f"no photos under {ROOT / 'vision'}; set FIELDPACK_DATA to a folder that has them")
    pytest.importorskip(model.packages[0], reason="pip install 'fieldpack[keras,torch]'")
    look = ["--data", str(ROOT), "--model", str(_weights(model)), "--split", "val"]
    said = _run("-m", f"{model.module}.evaluate", *look).stderr
    correct = _card(model)["validation"]["correct"]
    # A photo on the edge between two classes may fall the other way on another processor.
    found = int(said.rpartition("val: ")[2].partition(" of ")[0])
    assert abs(found - correct) <= 1, said
