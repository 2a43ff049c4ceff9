from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fieldpack.errors import SpecError
from fieldpack.passes import Training
from fieldpack_converters.opened_source import Array
from fieldpack_converters.passes.sparsity import kept_weights
from fieldpack_converters.passes.subject import Examples
from fieldpack_converters.passes.views import batches, label_targets, rate_at, steps_of


def training(**settings: Any) -> Training:
    return Training(epochs=2, batch=4, learning_rate=1e-3, **settings)


def examples(layout: str = "NHWC") -> Examples:
    values = np.arange(10 * 6 * 6 * 2, dtype=np.float32).reshape(10, 6, 6, 2)
    return Examples([values.transpose(0, 3, 1, 2).copy() if layout == "NCHW" else values], np.arange(10))


def whole(layout: str, **settings: Any) -> list[tuple[float, ...]]:
    generator = np.random.default_rng(0)
    found = [b.inputs[0] for b in batches(examples(layout), training(**settings), layout, None, generator)]
    joined = np.concatenate(found)
    return [tuple(row.reshape(-1)) for row in (joined.transpose(0, 2, 3, 1) if layout == "NCHW" else joined)]


def test_every_example_comes_once_an_epoch() -> None:
    plain = [tuple(row.reshape(-1)) for row in examples().inputs[0]]
    assert sorted(whole("NHWC")) == sorted(plain)
    assert steps_of(examples(), training()) == 6


@pytest.mark.parametrize("warm_up", [0.0, 0.5, 1.0])
def test_the_rate_rises_in_the_warm_up_and_ends_near_zero(warm_up: float) -> None:
    settings = training(warm_up=warm_up)
    rates = [rate_at(done, 20, settings) for done in range(20)]
    top = int(10 * warm_up)
    assert rates[top] == pytest.approx(settings.learning_rate)
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert 0 < min(rates) < 0.1 * settings.learning_rate


def test_a_warm_up_that_is_not_over_at_the_end_is_refused() -> None:
    with pytest.raises(ValueError, match="warm_up must be shorter"):
        training(warm_up=2.0)


def test_both_layouts_give_the_same_views() -> None:
    assert whole("NHWC", flip=True, shift=0.4) == whole("NCHW", flip=True, shift=0.4)
    assert whole("NHWC", flip=True) != whole("NHWC")


def test_a_crop_is_a_part_as_large_as_the_picture() -> None:
    ramp = np.broadcast_to(np.arange(40, dtype=np.float32)[None, :, None, None], (8, 40, 40, 1)).copy()
    settings = training(crop=0.25)
    (batch,) = batches(
        Examples([ramp], None),
        settings.model_copy(update={"batch": 8}),
        "NHWC",
        None,
        np.random.default_rng(0),
    )
    for picture in batch.inputs[0]:
        assert np.ptp(picture[..., 0], axis=1).max() < 1e-4  # rows stay rows
        steps = np.diff(picture[1:-1, 0, 0])  # the border is repeated
        assert steps.max() - steps.min() < 1e-3
        assert 0.25 * np.sqrt(3) / 2 < steps.mean() <= 1.0
    means = {float(picture.mean()) for picture in batch.inputs[0]}
    assert len(means) == 8


def test_both_layouts_give_the_same_crops() -> None:
    assert whole("NHWC", crop=0.5) == whole("NCHW", crop=0.5)
    assert whole("NHWC", crop=0.5) != whole("NHWC")


def test_a_mirrored_picture_is_turned_left_to_right() -> None:
    generator = np.random.default_rng(0)
    values = examples().inputs[0]
    known = {row.tobytes() for row in values} | {row[:, ::-1].tobytes() for row in values}
    for batch in batches(examples(), training(flip=True), "NHWC", None, generator):
        assert all(row.tobytes() in known for row in batch.inputs[0])


def test_mixed_targets_follow_mixed_pictures() -> None:
    values = np.eye(10, dtype=np.float32)
    data = Examples([values], np.arange(10))
    targets = label_targets(data.labels, 10)
    for batch in batches(data, training(mixup=1.0), "NHWC", targets, np.random.default_rng(0)):
        assert batch.targets is not None
        np.testing.assert_allclose(batch.inputs[0], batch.targets, atol=1e-6)


def test_relatives_share_a_label_by_nearness() -> None:
    near = np.array([[1, 0.6, 0.2], [0.6, 1, 0], [0.2, 0, 1]], np.float32)
    found = label_targets(np.array([0, 1, -1]), 3, near, 0.4)
    assert found is not None
    wanted = np.array([[0.6, 0.3, 0.1], [0.4, 0.6, 0], [0, 0, 0]])
    np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_labels_outside_the_classes_and_a_missing_taxonomy_are_refused() -> None:
    with pytest.raises(SpecError, match="no class"):
        label_targets(np.array([3]), 3)
    with pytest.raises(SpecError, match="taxonomy"):
        label_targets(np.array([0]), 3, None, 0.1)


def test_the_smallest_weights_go_over_all_layers() -> None:
    weights = {"a": np.array([[1.0, -4.0]]), "b": np.array([[0.5, 2.0]])}
    masks = kept_weights(weights, "unstructured", 0.5)
    assert masks["a"].tolist() == [[False, True]]
    assert masks["b"].tolist() == [[False, True]]


def test_equal_weights_lose_exactly_the_share() -> None:
    masks = kept_weights({"a": np.ones((4, 10))}, "unstructured", 0.25)
    assert (~masks["a"]).sum() == 10


def test_two_of_four_run_along_the_inputs() -> None:
    rising = np.arange(1, 25, dtype=np.float32).reshape(2, 4, 3)
    weights: dict[str, Array] = {"a": rising, "b": np.ones((2, 3))}
    masks = kept_weights(weights, "2:4", None)
    assert set(masks) == {"a"}
    assert masks["a"].all(axis=(0, 2)).tolist() == [False, False, True, True]
    with pytest.raises(SpecError, match="multiple of 4"):
        kept_weights({"b": weights["b"]}, "2:4", None)
