from __future__ import annotations

import numpy as np
import pytest

from fieldpack.bundle.manifest import Border, Quantization
from fieldpack.errors import InputError
from fieldpack.runtime.border import feed, fetch

PIXELS = np.random.default_rng(3).integers(0, 256, (2, 3, 5, 3)).astype(np.uint8)


def test_pixels_pass_as_floats_where_the_graph_scales() -> None:
    border = Border(name="image", tensor="x", shape=(1, 3, 5, 3), dtype="float32", layout="NHWC")
    fed = feed(border, PIXELS)
    assert fed.dtype == np.float32
    assert np.array_equal(fed, PIXELS)


def test_scale_and_offset_come_before_the_layout() -> None:
    border = Border(
        name="image",
        tensor="x",
        shape=(1, 3, 3, 5),
        dtype="float32",
        layout="NCHW",
        scale=(0.1, 0.2, 0.3),
        offset=(-1.0, 0.0, 1.0),
    )
    fed = feed(border, PIXELS)
    assert fed.shape == (2, 3, 3, 5)
    for channel, (scale, offset) in enumerate(zip((0.1, 0.2, 0.3), (-1.0, 0.0, 1.0), strict=True)):
        assert np.allclose(fed[:, channel], PIXELS[..., channel] * scale + offset, atol=1e-5)


def test_integers_at_the_border_are_the_quantised_reals() -> None:
    border = Border(
        name="image",
        tensor="x",
        shape=(1, 3, 5, 3),
        dtype="int8",
        layout="NHWC",
        scale=(2 / 255,) * 3,
        offset=(-1.0,) * 3,
        quantization=Quantization(scale=2 / 255, zero_point=-1),
    )
    fed = feed(border, PIXELS)
    assert fed.dtype == np.int8
    real = PIXELS.astype(np.float64) * 2 / 255 - 1
    assert np.abs((fed.astype(np.float64) + 1) * 2 / 255 - real).max() <= 1 / 255 + 1e-6


def test_what_comes_out_is_real_again() -> None:
    border = Border(
        name="scores",
        tensor="y",
        shape=(1, 2),
        dtype="int8",
        quantization=Quantization(scale=1 / 256, zero_point=-128),
    )
    assert np.allclose(fetch(border, np.array([[-128, 127]], np.int8)), [[0.0, 255 / 256]])
    plain = Border(name="scores", tensor="y", shape=(1, 2), dtype="float16")
    assert fetch(plain, np.array([[0.5, 1.0]], np.float16)).dtype == np.float32


def test_another_shape_is_refused_by_name() -> None:
    border = Border(name="image", tensor="x", shape=(1, 4, 5, 3), dtype="float32", layout="NHWC")
    with pytest.raises(InputError, match="input image does not fit the tensor x"):
        feed(border, PIXELS)
