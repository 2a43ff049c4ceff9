"""Sizes that stand in a value: refused before memory is taken."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fieldpack.coreml.interpreter import Interpreter
from fieldpack.coreml.ops._size import MOST_ELEMENTS, bounded
from fieldpack.coreml.package import open_package
from fieldpack.errors import ModelFileError

HUGE = 1 << 30
I32 = np.int32


def test_sizes_up_to_the_bound_are_legal() -> None:
    assert bounded([2, 0, 3]) == (2, 0, 3)
    assert bounded([MOST_ELEMENTS]) == (MOST_ELEMENTS,)
    assert bounded([]) == ()


@pytest.mark.parametrize("sizes", [[-1], [MOST_ELEMENTS, 2], [2**40], [1, MOST_ELEMENTS + 1]])
def test_other_sizes_are_refused(sizes: Any) -> None:
    with pytest.raises(ModelFileError, match="impossible size"):
        bounded(sizes)


#: Operator -> inputs beside x that ask for a gigantic result from a tiny file.
GREEDY: dict[str, dict[str, Any]] = {
    "fill": {"shape": np.array([HUGE, 64], I32), "value": np.float32(1)},
    "tile": {"x": "x", "reps": np.array([1, 1, HUGE, 64], I32)},
    "range_1d": {"start": I32(0), "end": I32(2**31 - 1), "step": I32(1)},
    "one_hot": {"indices": "i", "one_hot_vector_size": I32(HUGE)},
    "pad": {"x": "x", "pad": np.array([0, HUGE, 0, HUGE], I32)},
    "random_normal": {"shape": np.array([HUGE, 64], I32)},
    "random_uniform": {"shape": np.array([HUGE, 64], I32)},
    "random_bernoulli": {"shape": np.array([HUGE, 64], I32)},
    "space_to_batch": {
        "x": "x",
        "block_shape": np.array([2, 2], I32),
        "paddings": np.array([[0, HUGE], [0, HUGE]], I32),
    },
    "crop_resize": {
        "x": "x",
        "roi": np.zeros((1, 1, 4, 1, 1), np.float32),
        "target_height": I32(HUGE),
        "target_width": I32(64),
    },
    "conv": {
        "x": "x",
        "weight": np.ones((1, 1, 1, 1), np.float32),
        "pad_type": "=custom",
        "pad": np.array([HUGE] * 4, I32),
    },
    "conv_transpose": {
        "x": "x",
        "weight": np.ones((1, 1, 1, 1), np.float32),
        "strides": np.array([HUGE] * 2, I32),
    },
    "avg_pool": {
        "x": "x",
        "kernel_sizes": np.array([1, 1], I32),
        "pad_type": "=custom",
        "pad": np.array([HUGE] * 4, I32),
    },
    "resize_bilinear": {"x": "x", "target_size_height": I32(HUGE), "target_size_width": I32(64)},
    "resize_nearest_neighbor": {"x": "x", "target_size_height": I32(HUGE), "target_size_width": I32(64)},
    "upsample_bilinear": {"x": "x", "scale_factor_height": np.float32(1e9)},
    "upsample_nearest_neighbor": {"x": "x", "scale_factor_width": np.float32(1e9)},
}


@pytest.mark.parametrize("kind", GREEDY)
def test_greedy_operations_are_refused(handmade: Any, kind: Any) -> None:
    handmade.input("x", "float32", (1, 1, 4, 4))
    handmade.input("i", "int32", (1, 2))
    handmade.op(kind, "y", "float32", (1, 4), **GREEDY[kind])
    handmade.output("y", "float32", (1, 4))
    package = open_package(handmade.save())
    with pytest.raises(ModelFileError, match="impossible size") as caught:
        Interpreter(package).run({"x": np.ones((1, 1, 4, 4), np.float32), "i": np.zeros((1, 2), np.int32)})
    assert kind in str(caught.value)


@pytest.mark.parametrize("pad", [[8000] * 4, [8000, 8000, 8000, 7999]], ids=["by torch", "before"])
def test_padding_counts_the_channels(handmade: Any, pad: Any) -> None:
    """16,004 x 16,004 cells are below the bound, 64 such channels are not."""
    handmade.input("x", "float32", (1, 64, 4, 4))
    weight = np.ones((1, 64, 1, 1), np.float32)
    handmade.op(
        "conv", "y", "float32", (1, 1), x="x", weight=weight, pad_type="=custom", pad=np.array(pad, I32)
    )
    handmade.output("y", "float32", (1, 1))
    package = open_package(handmade.save())
    with pytest.raises(ModelFileError, match="impossible size"):
        Interpreter(package).run({"x": np.ones((1, 64, 4, 4), np.float32)})
