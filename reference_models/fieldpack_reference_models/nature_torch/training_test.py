"""Training in PyTorch: a killed run ends in the weights of one left alone, and the commands hang together."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fieldpack.contract.inputs import ImageInput
from fieldpack.errors import ModelFileError, StorageError
from fieldpack_reference_models.learning import loop, program
from fieldpack_reference_models.learning.dequantise import Layer
from fieldpack_reference_models.learning.torch_learner import TorchLearner
from fieldpack_reference_models.nature import evaluation
from fieldpack_reference_models.nature.photo_task import PhotoRecipe, PhotoTask, picture_input
from fieldpack_reference_models.nature.photos import Photos
from fieldpack_reference_models.nature_torch import network, train

torch = pytest.importorskip("torch", reason="pip install 'fieldpack[torch]'")
CLASSES = ("ant", "bass", "crab")
BLOCKS = ((16, 2), (16, 1))
RECIPE = PhotoRecipe(
    seed=1,
    epochs=3,
    batch=8,
    peak_rate=1e-3,
    weight_decay=0.02,
    head_decay=0.1,
    smoothing=0.1,
    mixup=0.2,
    smallest_crop=0.5,
    average=0.9,
)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def _picture(label: int, number: int) -> Image.Image:
    pixels = np.random.default_rng((label, number)).integers(0, 90, (24, 36, 3), dtype=np.uint8)
    pixels[..., label] += 150
    return Image.fromarray(pixels)


def _photos(count: int, first: int) -> Photos:
    labels = np.arange(count, dtype=np.int64) % 3
    return Photos([_picture(int(label), first + row) for row, label in enumerate(labels)], labels)


def _learner(
    contract: ImageInput | None = None,
    classes: int = 3,
    layers: Sequence[Layer] = (),
    recipe: PhotoRecipe = RECIPE,
) -> TorchLearner:
    torch.manual_seed(5)
    return TorchLearner(network.build(classes, BLOCKS), recipe.weight_decay, recipe.average)


def _task() -> PhotoTask:
    contract = picture_input(train.MODEL).model_copy(update={"height": 32, "width": 32})
    return PhotoTask(_photos(24, 0), _photos(9, 100), contract, 3, "start")


def _finished(path: Path, stops: Sequence[int | None]) -> dict[str, Any]:
    """The state after starting as often as there are `stops`, each start with a learner of its own."""
    for stop in stops:
        learner = _learner()
        loop.train(learner, _task(), RECIPE, path, stop)
    return learner.state()


def test_a_killed_run_ends_in_the_weights_of_one_left_alone(tmp_path: Path) -> None:
    whole = _finished(tmp_path / "whole.npz", [None])
    killed = _finished(tmp_path / "killed.npz", [1, 2, None])
    untrained = _learner().state()
    assert set(whole) == set(killed)
    assert all(np.array_equal(whole[name], killed[name]) for name in whole)
    stem = "weights.features.Conv2d_0.weight"
    assert not np.array_equal(whole[stem], untrained[stem])


def test_other_photos_or_another_recipe_do_not_go_on_from_a_checkpoint(tmp_path: Path) -> None:
    loop.train(_learner(), _task(), RECIPE, tmp_path / "run.npz", 1)
    for task, recipe in (
        (replace(_task(), train=_photos(24, 50)), RECIPE),
        (_task(), replace(RECIPE, peak_rate=2e-3)),
    ):
        with pytest.raises(StorageError, match="belongs to another run"):
            loop.train(_learner(), task, recipe, tmp_path / "run.npz")


def test_training_learns_and_the_average_is_what_predicts(tmp_path: Path) -> None:
    learner = _learner()
    loop.train(learner, _task(), replace(RECIPE, epochs=4, mixup=0.0), tmp_path / "run.npz")
    assert _task().accuracy(learner) == 1
    shares = learner.predict(np.zeros((2, 3, 32, 32), np.float32))
    assert np.allclose(shares.sum(axis=1), 1, atol=1e-5)
    with torch.no_grad():
        for value in learner.averaged.parameters():
            value.zero_()
    assert np.allclose(learner.predict(np.zeros((1, 3, 32, 32), np.float32)), 1 / 3)


def test_the_rate_rises_for_one_epoch_and_falls_to_nothing() -> None:
    recipe = replace(RECIPE, epochs=11, peak_rate=1.0)
    rates = [loop.rate(recipe, epoch) for epoch in (0, 0.5, 1, 6, 11)]
    assert rates == pytest.approx([0.05, 0.525, 1, 0.5, 0])


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> program.Trainable:
    """A small model with a folder and data of its own."""
    folder, vision = tmp_path / "model", tmp_path / "data" / "vision"
    folder.mkdir()
    vision.mkdir(parents=True)
    spec = (train.MODEL.folder / "pack.toml").read_text(encoding="utf-8").replace("192", "32")
    (folder / "pack.toml").write_text(spec, encoding="utf-8")
    (folder / "labels.txt").write_text("\n".join(CLASSES) + "\n", encoding="utf-8")
    rows = ["path,class,split"]
    for split, count, first in (("train", 24, 0), ("val", 9, 100), ("test", 9, 200)):
        photos = _photos(count, first)
        for number, (picture, label) in enumerate(zip(photos.pictures, photos.labels, strict=True)):
            picture.save(vision / f"{split}{number}.png")
            rows.append(f"{split}{number}.png,{CLASSES[label]},{split}")
    (vision / "manifest.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (tmp_path / "data" / "start.tflite").write_bytes(b"start")
    monkeypatch.setattr(program, "dequantised", lambda path, named_by: ())
    return replace(
        train.MODEL, folder=folder, start="start.tflite", recipe=RECIPE, learner=_learner, load=_loaded
    )


def _loaded(path: Path, contract: ImageInput, classes: int, recipe: PhotoRecipe) -> TorchLearner:
    module = network.build(classes, BLOCKS)
    module.load_state_dict(torch.load(path, weights_only=True))
    return TorchLearner(module, recipe.weight_decay, recipe.average)


def test_the_commands_train_store_halves_and_write_the_card(model: program.Trainable, tmp_path: Path) -> None:
    data, out = tmp_path / "data", tmp_path / "out" / "model.pt"
    assert program.train_command(model, ["--data", str(data), "--out", str(out)]) == 0
    assert sorted(item.name for item in out.parent.iterdir()) == ["model.pt", "training.json"]
    assert {value.dtype for value in torch.load(out, weights_only=True).values()} == {torch.float16}
    record = json.loads((out.parent / "training.json").read_text(encoding="utf-8"))
    assert (record["train_pictures"], record["validation_pictures"], record["recipe"]["seed"]) == (24, 9, 1)
    look = ["--data", str(data), "--model", str(out), "--split"]
    assert evaluation.evaluate_command(model, [*look, "test", "--card"]) == 0
    card = json.loads((out.parent / "card.json").read_text(encoding="utf-8"))
    assert card["training"] == record
    assert card["test"]["pictures"] == card["validation"]["pictures"] == 9
    assert card["validation"]["accuracy"] == record["validation_accuracy"]
    assert card["model"]["parameters"] == sum(value.numel() for value in _learner().module.parameters())
    assert "{" not in (out.parent / "card.md").read_text(encoding="utf-8")


def test_the_card_is_written_after_a_look_at_test_only(model: program.Trainable, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="2"):
        evaluation.evaluate_command(
            model, ["--data", str(tmp_path), "--model", "model.pt", "--split", "val", "--card"]
        )


def test_published_layers_must_fit() -> None:
    with pytest.raises(ModelFileError, match="layer Conv2d_0"):
        network.load_backbone(network.build(3, BLOCKS), ())
