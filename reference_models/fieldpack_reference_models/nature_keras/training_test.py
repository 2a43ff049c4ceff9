"""Training in Keras: a killed run ends in the weights of one left alone, and halves come back as floats."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

# In a process of its own, since TensorFlow keeps threads and its determinism cannot be taken back.
_TRAIN = """
import json, sys
from pathlib import Path
import keras, numpy as np, tensorflow as tf
from PIL import Image
from fieldpack_reference_models.learning import loop
from fieldpack_reference_models.nature.photo_task import PhotoRecipe, PhotoTask
from fieldpack_reference_models.nature.photos import Photos
from fieldpack_reference_models.nature_keras import network, train
from fieldpack_reference_models.nature_keras.learner import KerasLearner
from fieldpack_reference_models.nature_keras.network import Stage

folder = Path(sys.argv[1])
tf.config.experimental.enable_op_determinism()
recipe = PhotoRecipe(
    seed=1, epochs=2, batch=8, peak_rate=2e-3, weight_decay=0.02, head_decay=0.1, smoothing=0.1,
    average=0.9, mixup=0.2, smallest_crop=0.5,
)

def picture(label, number):
    pixels = np.random.default_rng((label, number)).integers(0, 90, (24, 36, 3), dtype=np.uint8)
    pixels[..., label] += 150
    return Image.fromarray(pixels)

def photos(count, first):
    labels = np.arange(count, dtype=np.int64) % 3
    return Photos([picture(int(label), first + row) for row, label in enumerate(labels)], labels)

contract = train.MODEL.contract.model_copy(update={"height": 32, "width": 32})
task = PhotoTask(photos(24, 0), photos(9, 100), contract, 3, "start")

def learner():
    keras.utils.set_random_seed(5)
    model = network.build(32, 3, (Stage(1, 16, 1, 1), Stage(2, 24, 2, 2)), 32)
    return KerasLearner(model, recipe.weight_decay, recipe.average)

def finished(name, stops):
    for stop in stops:
        found = learner()
        loop.train(found, task, recipe, folder / name, stop)
    return found

whole, killed = finished("whole.npz", [None]), finished("killed.npz", [1, None])
train.save(whole, folder / "model.keras")
stored = train.load(folder / "model.keras", contract, 3, recipe)
one, two, start = whole.state(), killed.state(), learner().state()
halves = [np.array(value).astype(np.float16).astype(np.float32) for value in whole.averaged.variables]
print(json.dumps({
    "names": list(one) == list(two),
    "same": all(np.array_equal(one[name], two[name]) for name in one),
    "trained": not np.array_equal(one["weights.0000"], start["weights.0000"]),
    "accuracy": task.accuracy(whole),
    "dtypes": sorted({str(value.dtype) for value in stored.model.variables}),
    "halves": all(map(np.array_equal, halves, map(np.array, stored.model.variables))),
    "parameters": [whole.parameters, stored.parameters],
}))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    pytest.importorskip("keras", reason="pip install 'fieldpack[keras]'")
    folder: Path = tmp_path_factory.mktemp("runs")
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    run = subprocess.run(
        [sys.executable, "-c", _TRAIN, str(folder)], capture_output=True, text=True, env=environment
    )
    assert run.returncode == 0, run.stderr[-2000:]
    result: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return result


@pytest.mark.full
def test_a_killed_run_ends_in_the_weights_of_one_left_alone(found: dict[str, Any]) -> None:
    assert found["names"]
    assert found["same"]
    assert found["trained"]
    assert found["accuracy"] == 1


@pytest.mark.full
def test_weights_stored_as_halves_open_as_floats(found: dict[str, Any]) -> None:
    assert found["dtypes"] == ["float32"]
    assert found["halves"]
    assert found["parameters"][0] == found["parameters"][1]
