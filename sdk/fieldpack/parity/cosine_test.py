"""Cosines against numpy in one line, and what the plain one hides."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from fieldpack.parity import pairing
from fieldpack.parity.cosine import centred_cosine, plain_cosine


def reference(a: Any, b: Any) -> Any:
    a, b = a.ravel().astype(np.float64), b.ravel().astype(np.float64)
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


@pytest.mark.parametrize("shape", [(7, 5), (9,), (4, 3, 2)])
@pytest.mark.parametrize("cells", [1, 2_000_000])
def test_against_numpy(shape: Any, cells: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(pairing, "CELLS_A_BLOCK", cells)
    random = np.random.default_rng(0)
    a, b = random.normal(3, 1, size=(2, *shape)).astype(np.float32)
    mean = a.astype(np.float64).mean(axis=0)
    assert plain_cosine(a, b) == pytest.approx(reference(a, b))
    assert centred_cosine(a, b) == pytest.approx(reference(a - mean, b - mean))


def test_plain_cosine_hides_a_dead_flavour() -> None:
    random = np.random.default_rng(0)
    source = 10 + random.normal(size=(500, 20)) * 0.1
    dead = np.tile(source.mean(axis=0), (500, 1)) + 0.001 * random.normal(size=source.shape)
    plain, centred = plain_cosine(source, dead), centred_cosine(source, dead)
    assert plain is not None
    assert centred is not None
    assert plain > 0.9999
    assert abs(centred) < 0.1


def test_the_mean_is_that_of_the_source() -> None:
    source = np.array([[1.0], [-1.0]])
    assert centred_cosine(source, source + 1) == pytest.approx(1 / math.sqrt(2.5 * 0 + 2))


@pytest.mark.parametrize("constant", [0.0, 0.1, 1e6 / 3])
def test_an_output_that_does_not_vary_is_undefined(constant: Any) -> None:
    source = np.full((1000, 3), constant)
    assert centred_cosine(source, source) is None
    assert centred_cosine(source, np.random.default_rng(0).random((1000, 3))) is None
    assert centred_cosine(source[:1], source[:1]) is None


def test_zeros_are_undefined_and_broken_is_nan() -> None:
    ones = np.ones((2, 2))
    assert plain_cosine(ones, np.zeros((2, 2))) is None
    assert plain_cosine(np.zeros((0, 2)), np.zeros((0, 2))) is None
    for function in (plain_cosine, centred_cosine):
        result = function(np.array([[1.0, 2.0], [3.0, 5.0]]), np.array([[1.0, math.nan], [3.0, 5.0]]))
        assert result is not None
        assert math.isnan(result)


def test_opposite() -> None:
    a = np.array([[1.0, 2.0], [4.0, -1.0]])
    assert plain_cosine(a, -a) == pytest.approx(-1)
    assert plain_cosine(a, 5 * a) == pytest.approx(1)
