"""Network, learning, figures and commands, on scenes that are drawn here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fieldpack.errors import StorageError
from fieldpack_reference_models.canopy_torch import (
    cross_validate,
    evaluate,
    figures,
    forest,
    learning,
    network,
    train,
)
from fieldpack_reference_models.canopy_torch.blocks import make_blocks
from fieldpack_reference_models.canopy_torch.scenes import Scene
from fieldpack_reference_models.canopy_torch.scenes_test import drawn

torch = pytest.importorskip("torch", reason="pip install 'fieldpack[torch]'")
RECIPE = replace(train.RECIPE, steps=60, batch=4, crop_m=32, channels=4, block_m=20, folds=5, buffer_m=1)
RECIPE = replace(RECIPE, validation=(0,), calibration=(1,), together=1, average=0.9, peak_rate=1e-2)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def _scenes() -> tuple[Scene, ...]:
    return replace(drawn(), name="zurich"), replace(drawn(40, 40, 1), name="plot")


def test_folding_changes_no_answer() -> None:
    torch.manual_seed(1)
    module = network.trainable(4, 0.2)
    with torch.no_grad():
        module(torch.randn(4, 3, 64, 64) * 2 + 1)
        packed, tile = network.folded(module.eval()), torch.randn(2, 3, 64, 64)
        for own, wanted in zip(packed(tile), module(tile), strict=True):
            assert own.shape == (2, 1, 32, 32)
            assert torch.allclose(own, wanted * network.SCALE_M, atol=1e-4)
    assert not any("norm" in name for name, _ in packed.named_modules())


def test_an_answer_depends_on_nothing_beyond_the_stated_radius() -> None:
    module = network.build(2).eval()
    with torch.no_grad():
        for value in module.parameters():
            value.abs_()
    farthest = 0
    for cell in range(80, 88):  # every place within a pixel of the coarsest stage
        tile = torch.zeros(1, 3, 352, 352, requires_grad=True)
        module(tile)[1][0, 0, cell, 80].backward()
        felt = tile.grad.abs().sum((0, 1, 3)).nonzero()
        farthest = max(farthest, 2 * cell - int(felt.min()), int(felt.max()) - 2 * cell - 1)
    assert farthest <= network.RADIUS_PX
    assert farthest > network.RADIUS_PX - network.STRIDE_PX


def test_crops_are_turned_together_and_drawn_from_training_cells() -> None:
    scene = drawn()
    blocks = make_blocks([scene], 20, 5, 1)
    recipe = replace(RECIPE, light=0.0, tint=0.0, batch=32)
    crops = learning.Cutter([scene], blocks.of([2, 3, 4]), recipe).batch(np.random.default_rng(0))
    assert crops.tiles.shape == (32, 3, 64, 64)
    assert crops.heights.shape == crops.counts.shape == (32, 32, 32)
    assert crops.counts.any(axis=(1, 2)).all()
    green = crops.tiles[:, 1].reshape(32, 32, 2, 32, 2).mean(axis=(2, 4))
    found = np.corrcoef(green[crops.counts], crops.heights[crops.counts])[0, 1]
    assert found > 0.95


def test_learning_repeats_and_beats_the_mean_where_it_did_not_learn() -> None:
    scenes = _scenes()
    blocks = make_blocks(scenes, 20, 5, 1)
    seen, judged = blocks.apart(RECIPE.training, 1), blocks.of(RECIPE.validation)
    module = learning.learn(scenes, seen, RECIPE)
    again = learning.learn(scenes, seen, RECIPE)
    pairs = zip(module.parameters(), again.parameters(), strict=True)
    assert all(torch.equal(first, second) for first, second in pairs)
    answers = [learning.predict(module, scene) for scene in scenes]
    assert [part["mean"].shape for part in answers] == [(60, 90), (40, 40)]
    found = cross_validate.gathered(scenes, judged, answers)
    assert figures.r_squared(found["truth"], found["mean"]) > 0.5
    assert (found["q95"] - found["q05"]).mean() > 1


def test_a_scene_is_answered_as_its_tiles_are() -> None:
    torch.manual_seed(3)
    module, scene = network.build(2).eval(), drawn(100, 100)
    wider = Scene(
        "wider",
        np.pad(scene.bands, ((0, 0), (0, 32), (0, 48)), mode="reflect"),
        np.zeros((116, 124), np.float32),
    )
    own, other = learning.predict(module, scene)["mean"], learning.predict(module, wider)["mean"]
    assert np.allclose(own[:80, :80], other[:80, :80], atol=1e-4)


def test_figures_are_those_of_a_small_case() -> None:
    truth = np.array([0.0, 0.0, 4.0, 12.0])
    found = figures.errors(truth, np.array([0.0, 1.0, 4.0, 9.0]))
    assert (found["cells"], found["mae_m"], found["bias_m"]) == (4, 1.0, -0.5)
    assert found["r2"] == round(1 - 10 / 96, 4)
    assert found["by_height_m"]["10 to inf"] == {"cells": 1, "bias_m": -3.0}


def test_the_bootstrap_draws_blocks() -> None:
    dice = np.random.default_rng(0)
    blocks = np.repeat(np.arange(12), 50)
    truth = dice.normal(size=600) + np.repeat(dice.normal(size=12), 50)
    good, poor = truth + dice.normal(0, 0.3, 600), truth + dice.normal(0, 0.9, 600)
    found = figures.difference(truth, good, poor, blocks, 1)
    low, high = found["interval_95"]
    assert 0 < low < found["r2_gain"] < high
    same = figures.difference(truth, good, good, blocks, 1)
    assert (same["r2_gain"], same["interval_95"]) == (0, [0, 0])


def test_coverage_is_as_sure_as_there_are_blocks() -> None:
    inside = np.random.default_rng(0).random(1000) < 0.9
    low, high = figures.share_interval(inside, np.repeat(np.arange(20), 50), 1)
    assert low < inside.mean() < high
    clumped = np.repeat(np.arange(20) < 18, 50)
    wide = figures.share_interval(clumped, np.repeat(np.arange(20), 50), 1)
    assert wide[1] - wide[0] > 2 * (high - low)


def test_the_offset_gives_the_promised_coverage_on_cells_alike() -> None:
    dice = np.random.default_rng(0)
    truth = dice.normal(5, 1, 4000)
    values = {name: np.full(4000, value) for name, value in (("q05", 4.5), ("mean", 5.0), ("q95", 5.5))}
    fit = figures.offset({name: part[:2000] for name, part in values.items()}, truth[:2000])
    share, width = figures.covered({name: part[2000:] for name, part in values.items()}, truth[2000:], fit)
    assert share == pytest.approx(0.9, abs=0.02)
    assert width == pytest.approx(2 * 1.645, abs=0.2)


def test_the_running_mean_is_that_of_the_weights_so_far() -> None:
    module = torch.nn.BatchNorm2d(1)
    mean = learning.RunningMean(module, 0.5)
    wanted = module.weight.item()
    for step, value in enumerate((3.0, 5.0, 9.0, 2.0, 4.0, 8.0, 6.0, 7.0, 5.0, 1.0)):
        with torch.no_grad():
            module.weight.fill_(value)
            module.running_var.fill_(2 * value)
        mean.add(step)
        stays = min(0.5, (1 + step) / (10 + step))
        wanted = stays * wanted + (1 - stays) * value
    assert mean.module().weight.item() == pytest.approx(wanted)
    assert module.running_var.item() == pytest.approx(2 * wanted, abs=1e-4)
    last = learning.RunningMean(module, 0.0)
    with torch.no_grad():
        module.weight.fill_(4.0)
    last.add(0)
    assert last.module().weight.item() == 4.0


def test_a_fold_has_the_offset_of_the_other_folds_held_out() -> None:
    truth = np.array([0.0, 0.0, 10.0, 10.0])
    shared = {"truth": np.repeat(truth, 50), "block": np.repeat(np.arange(4), 50)}
    shared |= {name: np.repeat(value, 200) for name, value in (("q05", 4.0), ("mean", 5.0), ("q95", 6.0))}
    shared["truth"][100:] = np.linspace(4, 10, 100)
    state = {name: values[:100] for name, values in shared.items()}
    state |= {f"{cross_validate.KEPT}{name}": values for name, values in shared.items()}
    found = cross_validate._with_interval(state, np.array([0, 0, 1, 2]))
    alone = figures.offset({name: shared[name][100:] for name in network.OUTPUTS}, shared["truth"][100:])
    assert found["low"] == pytest.approx(4.0 - alone.numbers[0])
    assert found["high"] == pytest.approx(6.0 + alone.numbers[0])
    assert set(found) == {*network.OUTPUTS, "truth", "block", "low", "high"}


def test_each_fold_is_judged_once_by_models_that_did_not_learn_from_it() -> None:
    for by in range(5):
        turned = RECIPE.turned(by)
        assert turned.validation == (by,)
        assert not set(turned.training) & {*turned.validation, *turned.calibration}
        assert sorted({*turned.training, *turned.validation, *turned.calibration}) == [0, 1, 2, 3, 4]


def test_the_commands_cross_validate_train_store_halves_and_write_the_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("sklearn", reason="pip install 'fieldpack[coreml-convert]'")
    for module in (cross_validate, train, evaluate):
        monkeypatch.setattr(module, "read_scenes", lambda data: _scenes())
    monkeypatch.setattr(forest, "TREES", {"n_estimators": 3})
    recipe = replace(RECIPE, steps=15)
    folder = ["--data", str(tmp_path)]
    judged, weights = tmp_path / "cross_validation.json", tmp_path / "model.pt"
    assert cross_validate.cross_validate_command(recipe, [*folder, "--out", str(judged)]) == 0
    assert train.train_command(recipe, [*folder, "--out", str(weights)]) == 0
    assert evaluate.evaluate_command(recipe, [*folder, "--model", str(weights), "--card"]) == 0
    found = json.loads(judged.read_text(encoding="utf-8"))
    assert not list(tmp_path.glob("*.npz"))
    assert found["scenes"]["zurich"]["network"]["cells"] == int(_scenes()[0].known.sum())
    assert found["scenes"]["plot"]["forest"]["cells"] == 1500
    assert {value.dtype for value in torch.load(weights, weights_only=True).values()} == {torch.float16}
    card = json.loads((tmp_path / "card.json").read_text(encoding="utf-8"))
    assert card["cross_validation"] == found
    assert card["training"]["recipe"] == train.listed(recipe)
    page = (tmp_path / "card.md").read_text(encoding="utf-8")
    assert f"R2 {found['scenes']['zurich']['network']['r2']} on Zurich" in page


def test_a_killed_cross_validation_goes_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned: list[tuple[int, ...]] = []

    def learn(scenes: tuple[Scene, ...], masks: object, recipe: learning.CanopyRecipe) -> object:
        if len(learned) == 3:
            raise KeyboardInterrupt
        learned.append(recipe.validation)
        return network.build(2).eval()

    monkeypatch.setattr(cross_validate, "learn", learn)
    monkeypatch.setattr(forest, "TREES", {"n_estimators": 1})
    out = tmp_path / "found.json"
    with pytest.raises(KeyboardInterrupt):
        cross_validate.judge(_scenes(), RECIPE, out)
    kept = sorted(tmp_path.glob("*.npz"))
    learned.remove((0,))
    with pytest.raises(KeyboardInterrupt):
        cross_validate.judge(_scenes(), RECIPE, out)
    assert learned == [(1,), (2,), (3,)]
    assert len(kept) == 3
    assert len(list(tmp_path.glob("*.npz"))) == 4
    with pytest.raises(StorageError, match="belongs to another run"):
        cross_validate.judge(_scenes(), replace(RECIPE, steps=1), out)
