"""Rounding where labels are undecided: groups, their moments, and what is gained at the border."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.errors import SpecError
from fieldpack.passes import RoundHead
from fieldpack_converters.opened_source import Array
from fieldpack_converters.passes import border, gptq, round_head, testing
from fieldpack_converters.passes.adaround import row_losses
from fieldpack_converters.passes.border import borders
from fieldpack_converters.passes.grid import Grid, grid_of
from fieldpack_converters.passes.subject import Examples, Subject
from fieldpack_converters.passes.weighted_layers import matrix, weighted_layers

FEATURES, LABELS, ROWS = 32, 60, 2000


def head(seed: int = 0) -> tuple[Array, Array]:
    """Weights [60, 32] and never negative features [2000, 32] that twelve causes drive, of few borders."""
    generator = np.random.default_rng(seed)
    causes = generator.standard_normal((ROWS, 12)) @ generator.standard_normal((12, FEATURES))
    features = np.maximum(causes + generator.standard_normal((ROWS, FEATURES)) * 0.2 + 1, 0)
    weights = generator.standard_normal((LABELS, FEATURES)) - 0.3
    return weights.astype(np.float32), features.astype(np.float32)


def line() -> tuple[Array, Array]:
    """Places on a line seen by bumps [2000, 32], and weights of 60 labels that live east of some point."""
    generator = np.random.default_rng(5)
    middles = np.linspace(0, 1, FEATURES)
    places = generator.uniform(0, 1, (ROWS, 1))
    features = np.exp(-np.square((places - middles) / 0.08) / 2)
    weights = 3 * np.tanh((middles - generator.uniform(0.1, 0.9, (LABELS, 1))) * 12)
    weights += 0.1 * generator.standard_normal(weights.shape)
    return weights.astype(np.float32), features.astype(np.float32)


def rounded(weights: Array, moments: Array) -> Array:
    grid = grid_of(weights, 4, None, np.diag(moments))
    return grid.real(gptq.rounded(weights, moments, grid, 1e-4))


def plain_steps(weights: Array, moments: Array, grid: Grid, damping: float) -> Array:
    """The same rounding, written column by column, largest variance first."""
    order = np.argsort(-np.diag(moments), kind="stable")
    factor = gptq.compensation(moments[np.ix_(order, order)], damping)
    left, scales, held = weights[:, order].copy(), grid.spread(slice(None)), grid.held(weights)
    steps = np.zeros(weights.shape, np.int8)
    for place, column in enumerate(order):
        nearest = np.clip(np.rint(left[:, place] / scales[:, column]), -grid.last, grid.last)
        steps[:, column] = np.where(held[:, column], held[:, column], nearest)
        error = (left[:, place] - steps[:, column] * scales[:, column]) / factor[place, place]
        left[:, place + 1 :] -= np.outer(error, factor[place, place + 1 :])
    return steps


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("bits", "width"), [(8, None), (4, None), (4, 16)])
def test_no_output_loses_more_than_by_the_plain_order_or_the_nearest(
    seed: int, bits: int, width: int | None
) -> None:
    weights, features = head(seed)
    moments = np.cov(features.T).astype(np.float64)
    grid = grid_of(weights, bits, width, np.diag(moments))
    losses = [
        row_losses(weights - grid.real(steps), moments[None])
        for steps in (
            gptq.rounded(weights, moments, grid, 1e-3),
            plain_steps(weights, moments, grid, 1e-3),
            np.where(grid.held(weights), grid.held(weights), grid.nearest(weights)),
        )
    ]
    assert (losses[0] <= np.minimum(losses[1], losses[2]) * (1 + 1e-4)).all()
    assert losses[0].mean() < 0.97 * losses[1].mean()


def test_steps_at_the_end_of_the_grid_take_no_error_up() -> None:
    """Where the plain order loses more than nearest rounding, as compensation runs past the last step."""
    weights, features = line()
    moments = features.T.astype(np.float64) @ features / ROWS
    grid = grid_of(weights, 4)
    plain, ours, nearest = (
        row_losses(weights - grid.real(steps), moments[None])
        for steps in (
            plain_steps(weights, moments, grid, 1e-5),
            gptq.rounded(weights, moments, grid, 1e-5),
            np.where(grid.held(weights), grid.held(weights), grid.nearest(weights)),
        )
    )
    assert (plain > 1.1 * nearest).any()
    assert (ours <= nearest * (1 + 1e-4)).all()


def test_placed_zeros_stay() -> None:
    weights, features = head()
    kept = np.random.default_rng(1).random(weights.shape) > 0.5
    grid = grid_of(weights * kept, 4)
    steps = gptq.rounded(weights * kept, np.cov(features.T), grid, 0.01, kept=kept)
    assert not steps[~kept].any()
    assert steps[kept].any()


def test_the_last_inputs_have_least_of_their_own() -> None:
    moments = np.diag([3.0, 1.0, 2.0, 4.0])
    np.testing.assert_array_equal(gptq.entangled_last(moments), [3, 0, 2, 1])
    moments[0, 3] = moments[3, 0] = 3.4  # of input 0 hardly any is left once 3 is known
    order = gptq.entangled_last(moments).tolist()
    np.testing.assert_array_equal(sorted(order), np.arange(4))
    assert order[-1] == 1
    assert order[0] == 3


def test_every_label_is_in_one_group() -> None:
    weights, features = head()
    found = borders(weights, None, features, about_mean=True, seed=0)
    assert len(found) > 5
    np.testing.assert_array_equal(np.sort(np.concatenate([part.labels for part in found])), np.arange(LABELS))
    for part in found:
        np.testing.assert_array_equal(part.labels, np.sort(part.labels))
        np.testing.assert_allclose(part.moments, part.moments.T)
        assert np.linalg.eigvalsh(part.moments).min() > -1e-6


def test_the_same_seed_gives_the_same_bits() -> None:
    weights, features = head()
    once, again = (borders(weights, None, features, about_mean=False, seed=3) for _ in range(2))
    for first, second in zip(once, again, strict=True):
        np.testing.assert_array_equal(first.labels, second.labels)
        np.testing.assert_array_equal(first.moments, second.moments)


def test_the_border_of_one_label_by_hand() -> None:
    weights, features = np.array([[2.0, -1.0]], np.float32), head()[1][:50, :2]
    (part,) = borders(weights, np.array([0.5], np.float32), features, about_mean=True, seed=0)
    chances = 1 / (1 + np.exp(-(features @ weights[0] + 0.5)))
    share = chances * (1 - chances) / (chances * (1 - chances)).sum()
    mean = share @ features
    own = ((features - mean) * share[:, None]).T @ (features - mean)
    every = np.cov(features.T, bias=True)
    wanted = border.SHARED * every + (1 - border.SHARED) * own * np.trace(every) / np.trace(own)
    np.testing.assert_allclose(part.mean, mean, rtol=1e-4)
    np.testing.assert_allclose(part.moments, wanted, rtol=1e-3, atol=1e-5)


def test_a_label_without_a_border_takes_the_moments_of_all_rows() -> None:
    features = head()[1]
    weights = np.full((4, FEATURES), -50, np.float32)
    (part,) = borders(weights, np.full(4, -1e4, np.float32), features, about_mean=True, seed=0)
    np.testing.assert_allclose(part.moments, np.cov(features.T, bias=True), rtol=1e-3, atol=1e-4)
    assert np.isfinite(gptq.rounded(weights, part.moments, grid_of(weights, 4), 0.01)).all()


def test_undecided_scores_move_less() -> None:
    weights, features = line()
    logits = features @ weights.T
    slopes = 1 / (2 + 2 * np.cosh(np.clip(logits, -30, 30)))
    ours = np.empty_like(weights)
    for part in borders(weights, None, features, about_mean=False, seed=0):
        ours[part.labels] = rounded(weights[part.labels], part.moments)
    plain = rounded(weights, (features.T @ features / ROWS).astype(np.float64))
    near, far = ((slopes * np.square(features @ (weights - found).T)).sum() for found in (ours, plain))
    assert near < 0.8 * far


def subject_of(tmp_path: Path, *, bias: bool, activation: str = "sigmoid", **changes: Any) -> Subject:
    from torch import nn

    weights, features = line()
    network = nn.Sequential(nn.Linear(FEATURES, LABELS, bias=bias), nn.Sigmoid())
    opened = testing.torch_opened(network, (FEATURES,), LABELS)
    weighted_layers(opened)[0].set_weights(weights)
    examples = Examples([features], None)
    return testing.make_subject(
        opened, opened, tmp_path, calibration=examples, activation=activation, **changes
    )


STEP = RoundHead(method="round_head", layers="0", bits=4, damping=1e-4, weighting="border")


@pytest.mark.parametrize("bias", [True, False])
def test_the_head_of_a_model_is_rounded_at_its_border(tmp_path: Path, bias: bool) -> None:
    pytest.importorskip("torch", reason="pip install 'fieldpack[torch]'")
    losses = {}
    for weighting in ("features", "border"):
        subject = subject_of(tmp_path, bias=bias)
        features = line()[1]
        wanted = subject.opened.call([features])[0]
        applied = round_head.apply(subject, STEP.model_copy(update={"weighting": weighting}))
        losses[weighting] = np.square(subject.opened.call([features])[0] - wanted).mean()
        (layer,) = weighted_layers(subject.opened)
        grid = grid_of(matrix(layer), 4)
        np.testing.assert_allclose(
            grid.real(grid.nearest(matrix(layer))), matrix(layer), rtol=1e-5, atol=1e-7
        )
        (facts,) = applied.facts["layers"].values()
        assert facts["mean_square"] < facts["nearest_mean_square"]
        assert (facts["groups"] > 1) == (weighting == "border")
    assert losses["border"] < 0.9 * losses["features"]


def test_scores_that_share_a_softmax_have_no_border(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="pip install 'fieldpack[torch]'")
    with pytest.raises(SpecError, match="scored one by one"):
        round_head.apply(subject_of(tmp_path, bias=True, activation="softmax"), STEP)


def test_a_layer_before_the_last_has_no_border(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="pip install 'fieldpack[torch]'")
    from torch import nn

    subject = subject_of(tmp_path, bias=True)
    network = nn.Sequential(nn.Linear(FEATURES, LABELS), nn.Linear(LABELS, LABELS), nn.Sigmoid())
    subject.opened = testing.torch_opened(network, (FEATURES,), LABELS)
    with pytest.raises(SpecError, match="not the last one"):
        round_head.apply(subject, STEP)
