"""Training: a killed run ends in the weights of one left alone, and the commands hang together."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.contract.inputs import WaveformInput
from fieldpack.errors import ModelFileError, StorageError
from fieldpack_reference_models.learning import loop, program
from fieldpack_reference_models.learning.dequantise import Layer
from fieldpack_reference_models.learning.head import softmax
from fieldpack_reference_models.learning.torch_learner import TorchLearner
from fieldpack_reference_models.sound_torch import cross_validate, evaluate, network, train
from fieldpack_reference_models.sound_torch.front_end import patch_input
from fieldpack_reference_models.sound_torch.recordings import BIRDS, Recordings
from fieldpack_reference_models.sound_torch.sound_task import (
    SoundRecipe,
    SoundTask,
    predictions,
)

torch = pytest.importorskip("torch", reason="pip install 'fieldpack[torch]'")
soundfile = pytest.importorskip("soundfile", reason="pip install 'fieldpack[sound]'")
CLASSES = ("bird", "dog", "rain")
BLOCKS = ((16, 2), (16, 1))
RATE = 16000
RECIPE = SoundRecipe(
    seed=1,
    epochs=3,
    batch=8,
    peak_rate=1e-3,
    weight_decay=0.02,
    head_decay=0.1,
    smoothing=0.1,
    average=0.9,
    windows=24,
    mixed=0.4,
    in_background=0.3,
    masked=0.5,
)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def _sound(label: int, number: int, seconds: float = 1.5) -> np.ndarray:
    """A tone, clicks, or noise."""
    dice = np.random.default_rng((label, number))
    time = np.arange(int(seconds * RATE)) / RATE
    phase = time * dice.uniform(0.9, 1.1) + dice.uniform()
    kinds = (np.sin(2 * np.pi * 900 * phase), (phase % 0.1 < 0.002) * 2.0, dice.normal(0, 0.3, time.size))
    return (0.4 * kinds[label] + dice.normal(0, 0.001, time.size)).astype(np.float32)


def _recordings(count: int, first: int) -> Recordings:
    labels = np.arange(count, dtype=np.int64) % 3
    sounds = tuple(_sound(int(label), first + row) for row, label in enumerate(labels))
    names = tuple(f"{first + row}" for row in range(count))
    return Recordings(names, sounds, tuple(((0, len(sound)),) for sound in sounds), labels)


def _learner(
    contract: WaveformInput | None = None,
    classes: int = 3,
    layers: Sequence[Layer] = (),
    recipe: SoundRecipe = RECIPE,
) -> TorchLearner:
    torch.manual_seed(5)
    return TorchLearner(network.body(classes, BLOCKS), recipe.weight_decay, recipe.average)


def _task() -> SoundTask:
    noise = np.random.default_rng(9).normal(0, 0.1, 2 * RATE).astype(np.float32)
    return SoundTask(_recordings(6, 0), _recordings(6, 100), (noise,), patch_input(), 3, "start")


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


def test_other_recordings_or_another_recipe_do_not_go_on_from_a_checkpoint(tmp_path: Path) -> None:
    loop.train(_learner(), _task(), RECIPE, tmp_path / "run.npz", 1)
    spans = tuple(((0, 100),) for _ in range(6))
    for task, recipe in (
        (replace(_task(), train=_recordings(6, 50)), RECIPE),
        (replace(_task(), train=replace(_recordings(6, 0), spans=spans)), RECIPE),
        (replace(_task(), backgrounds=()), RECIPE),
        (_task(), replace(RECIPE, mixed=0.0)),
    ):
        with pytest.raises(StorageError, match="belongs to another run"):
            loop.train(_learner(), task, recipe, tmp_path / "run.npz")


def test_training_learns_to_tell_sounds_it_never_heard(tmp_path: Path) -> None:
    learner = _learner()
    loop.train(learner, _task(), replace(RECIPE, epochs=4, mixed=0.0), tmp_path / "run.npz")
    assert _task().accuracy(learner) == 1


def test_an_epoch_has_every_class_as_often_and_silence_means_nothing() -> None:
    recipe = replace(RECIPE, mixed=0.0, smoothing=0.0)
    targets = np.concatenate([target for _, target in _task().batches(recipe, np.random.default_rng(1))])
    assert targets.sum(axis=0).tolist() == [8, 8, 8]
    silent = tuple(np.zeros(2 * RATE, np.float32) for _ in range(6))
    quiet = replace(_task(), train=replace(_recordings(6, 0), sounds=silent))
    for inputs, target in quiet.batches(RECIPE, np.random.default_rng(1)):
        assert np.allclose(target, 1 / 3)
        assert np.allclose(inputs, np.log(0.001))
    assert list(quiet.plain()) == []


def test_a_mixture_has_the_classes_of_both_parts() -> None:
    recipe = replace(RECIPE, mixed=1.0, smoothing=0.0)
    targets = np.concatenate([target for _, target in _task().batches(recipe, np.random.default_rng(2))])
    assert np.allclose(targets.sum(axis=1), 1, atol=1e-6)
    several = (targets > 0).sum(axis=1)
    assert set(several.tolist()) == {1, 2}
    assert targets[several == 2].max() <= 0.9 + 1e-6


def test_one_window_gives_one_patch() -> None:
    contract = patch_input()
    assert [inputs.shape for inputs, _ in _task().batches(RECIPE, np.random.default_rng(3))] == [
        (8, *contract.shape)
    ] * 3
    assert contract.shape == (1, contract.frames, contract.bands)
    assert contract.front_end.windows.samples == train.MODEL.contract.shape[0]


def test_a_recording_is_named_by_the_mean_of_its_windows_logits() -> None:
    class Said:
        def predict(self, inputs: np.ndarray) -> np.ndarray:
            logits = np.zeros((len(inputs), 3), np.float32)
            logits[0], logits[1:] = (9, 0, 0), (0, 2, 0)
            return softmax(logits)

    contract = patch_input()
    long, short = _sound(0, 1, 5.0), _sound(0, 1, 1.5)
    for sound, guess in ((long, 1), (short, 0)):
        one = Recordings(("x",), (sound,), (((0, len(sound)),),), np.zeros(1, np.int64))
        assert predictions(Said(), one, contract).tolist() == [guess]  # type: ignore[arg-type]


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> program.Trainable:
    """The sound model, made small, with a data folder of such sounds beside it."""
    folder, sounds = tmp_path / "model", tmp_path / "data" / "sound"
    for part in (folder, sounds / "audio", sounds / "birds", sounds / "soundscape_unlabelled"):
        part.mkdir(parents=True)
    (folder / "labels.txt").write_text("\n".join(CLASSES) + "\n", encoding="utf-8")
    pack = (train.MODEL.folder / "pack.toml").read_text(encoding="utf-8")
    (folder / "pack.toml").write_text(pack, encoding="utf-8")
    rows = ["file,class,fold"]
    for fold in "1234":
        for label in (1, 2):
            for number in range(2):
                name = f"{CLASSES[label]}-{fold}-{number}.wav"
                soundfile.write(sounds / "audio" / name, _sound(label, 10 * int(fold) + number), RATE)
                rows.append(f"{name},{CLASSES[label]},{fold}")
    for number, name in enumerate(BIRDS):
        soundfile.write(sounds / "birds" / f"{name}.wav", _sound(0, number), RATE)
    noise = np.random.default_rng(9).normal(0, 0.1, 2 * RATE)
    soundfile.write(sounds / "soundscape_unlabelled" / "night.wav", noise, RATE)
    (sounds / "manifest.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (tmp_path / "data" / "start.tflite").write_bytes(b"start")
    for module in (program, cross_validate):
        monkeypatch.setattr(module, "dequantised", lambda path, named_by: ())
    return replace(
        train.MODEL, folder=folder, start="start.tflite", recipe=RECIPE, learner=_learner, load=_loaded
    )


def _loaded(path: Path, contract: WaveformInput, classes: int, recipe: SoundRecipe) -> TorchLearner:
    module = network.body(classes, BLOCKS)
    module.load_state_dict(torch.load(path, weights_only=True))
    return TorchLearner(module, recipe.weight_decay, recipe.average)


def test_the_commands_cross_validate_train_store_halves_and_write_the_card(
    model: program.Trainable, tmp_path: Path
) -> None:
    data, out = tmp_path / "data", tmp_path / "out" / "model.pt"
    judged = out.with_name("cross_validation.json")
    assert cross_validate.cross_validate_command(model, ["--data", str(data), "--out", str(judged)]) == 0
    assert program.train_command(model, ["--data", str(data), "--out", str(out)]) == 0
    names = ["cross_validation.json", "model.pt", "training.json"]
    assert sorted(item.name for item in out.parent.iterdir()) == names
    assert {value.dtype for value in torch.load(out, weights_only=True).values()} == {torch.float16}
    record = json.loads((out.parent / "training.json").read_text(encoding="utf-8"))
    assert (record["train_recordings"], record["validation_recordings"], record["backgrounds"]) == (15, 6, 1)
    look = ["--data", str(data), "--model", str(out), "--split"]
    assert evaluate.evaluate_command(model, [*look, "train"]) == 0
    assert evaluate.evaluate_command(model, [*look, "validation", "--card"]) == 0
    card = json.loads((out.parent / "card.json").read_text(encoding="utf-8"))
    assert card["training"] == record
    assert card["cross_validation"]["recordings"] == 15
    assert card["validation"]["recordings"] == 6
    assert card["validation"]["of"] == {"bird": 2, "dog": 2, "rain": 2}
    assert card["validation"]["accuracy"] == record["validation_accuracy"]
    page = (out.parent / "card.md").read_text(encoding="utf-8")
    assert "{" not in page
    assert "of 6 recordings of the\nvalidation fold" in page


def test_the_card_is_written_after_a_look_at_the_validation_fold_only(
    model: program.Trainable, tmp_path: Path
) -> None:
    with pytest.raises(SystemExit, match="2"):
        evaluate.evaluate_command(
            model, ["--data", str(tmp_path), "--model", "model.pt", "--split", "train", "--card"]
        )


def test_published_layers_must_fit() -> None:
    with pytest.raises(ModelFileError, match="layer Conv2d_0"):
        network.load_backbone(network.body(3, BLOCKS), ())
