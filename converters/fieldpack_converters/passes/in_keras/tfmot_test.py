"""``prune_weights`` beside TensorFlow Model Optimization on ``tf_keras``: the same zeros, the same rise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack import worker
from fieldpack.passes import PruneWeights, Training
from fieldpack.spec import SourceKind
from fieldpack_converters.passes import prune_weights
from fieldpack_converters.passes.in_keras.testing import Trials
from fieldpack_converters.passes.sparsity import STAGES, Pruning
from fieldpack_converters.passes.weighted_layers import weighted_layers

pytestmark = pytest.mark.full

LAYERS = ("one", "side", "squeeze", "hidden")
SHARE = 0.75


def facts(folder: str) -> dict[str, Any]:
    """Zeros of both, layer by layer, and the share while it rises; a worker target."""
    import tensorflow_model_optimization as tfmot

    sparsity = tfmot.sparsity.keras
    trials = Trials(SourceKind.KERAS_LEGACY, Path(folder))
    trials.learned = trials.network()
    schedule = sparsity.ConstantSparsity
    return {
        "unstructured": _same(trials, sparsity, {"pruning_schedule": schedule(SHARE, 0)}, SHARE),
        "2:4": _same(
            trials, sparsity, {"pruning_schedule": schedule(0.5, 0), "sparsity_m_by_n": (2, 4)}, None
        ),
        "rise": _rise(trials, sparsity.PolynomialDecay(0.0, SHARE, 0, STAGES, power=3, frequency=1)),
    }


def _same(trials: Trials, sparsity: Any, words: dict[str, Any], share: float | None) -> dict[str, list[Any]]:
    """By layer: whether every weight is the same, and how many are zero."""
    found = {}
    for name in LAYERS:
        theirs = trials.keras.models.clone_model(
            trials.learned,
            clone_function=lambda layer, name=name: (
                sparsity.prune_low_magnitude(type(layer).from_config(layer.get_config()), **words)
                if layer.name == name
                else type(layer).from_config(layer.get_config())
            ),
        )
        wrapper = next(layer for layer in theirs.layers if hasattr(layer, "pruning_obj"))
        wrapper.layer.set_weights(trials.learned.get_layer(name).get_weights())
        wrapper.pruning_step.assign(1 if share is None else 0)  # when each kind of mask is chosen
        wrapper.pruning_obj.conditional_mask_update()
        wrapper.pruning_obj.weight_mask_op()
        one = trials.copied()
        step = PruneWeights.model_validate({
            "method": "prune_weights", "layers": f"^{name}$", "share": share,
            "pattern": "2:4" if share is None else "unstructured",
        })  # fmt: skip
        prune_weights.apply(trials.subject(one), step)
        ours = one.model.get_layer(name).get_weights()[0]
        found[name] = [bool(np.array_equal(ours, wrapper.layer.get_weights()[0])), float((ours == 0).mean())]
    return found


def _rise(trials: Trials, schedule: Any) -> list[list[float]]:
    """Their share and ours after each stage."""
    one = trials.copied()
    step = PruneWeights(
        method="prune_weights", layers="^one$", pattern="unstructured", share=SHARE, rise=1.0,
        training=Training(epochs=2, batch=8, learning_rate=1e-3),
    )  # fmt: skip
    pruning, found = Pruning(trials.subject(one), step), []
    kernel = next(layer for layer in weighted_layers(one) if layer.name == "one")
    for done in range(1, 2 * STAGES + 1):
        pruning.after_step(done, 2 * STAGES)
        found.append([float(schedule(min(done, STAGES))[1]), float((kernel.weights() == 0).mean())])
    return found


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return worker.run(
        "fieldpack_converters.passes.in_keras.tfmot_test:facts",
        {"folder": str(tmp_path_factory.mktemp("tfmot"))},
        environment={"TF_USE_LEGACY_KERAS": "1"},
    )


@pytest.mark.parametrize(("pattern", "share"), [("unstructured", SHARE), ("2:4", 0.5)])
def test_both_keep_the_same_weights(found: dict[str, Any], pattern: str, share: float) -> None:
    assert set(found[pattern]) == set(LAYERS)
    for same, zeros in found[pattern].values():
        assert same
        assert zeros == pytest.approx(share, abs=1e-3)


def test_the_share_rises_as_theirs_does(found: dict[str, Any]) -> None:
    theirs, ours = np.transpose(found["rise"])
    np.testing.assert_allclose(ours, theirs, atol=1e-3)
    assert ours[0] < 0.1 < 0.7 < ours[-1]
