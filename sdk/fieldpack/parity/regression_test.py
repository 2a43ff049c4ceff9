"""Regression and raster comparison against numpy in one line each."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from fieldpack.errors import InputError
from fieldpack.parity import pairing
from fieldpack.parity.regression import compare_values
from fieldpack.verdict import Outcome, judge


def value(parity: Any, name: Any) -> Any:
    figure = parity.figure(name)
    assert figure.value is not None
    return figure.value


@pytest.mark.parametrize("shape", [(30,), (30, 2), (30, 4, 5, 2)])
@pytest.mark.parametrize("cells", [1, 2_000_000])
def test_against_numpy(shape: Any, cells: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(pairing, "CELLS_A_BLOCK", cells)
    random = np.random.default_rng(0)
    source = random.normal(20, 8, size=shape).astype(np.float32)
    flavour = (source + random.normal(0.5, 1, size=shape)).astype(np.float32)
    gap = flavour.astype(np.float64) - source
    parity = compare_values(source, flavour)
    assert value(parity, "rmse") == pytest.approx(math.sqrt((gap**2).mean()))
    assert value(parity, "mean_abs_error") == pytest.approx(np.abs(gap).mean())
    assert value(parity, "max_abs_error") == pytest.approx(np.abs(gap).max())
    assert value(parity, "bias") == pytest.approx(gap.mean())
    outputs = shape[-1] if len(shape) > 1 else 1
    assert (parity.items, parity.outputs) == (30, outputs)
    assert [change.index for change in parity.output_changes] == list(range(outputs))
    last = gap.reshape(-1, outputs)[:, -1]
    told = parity.output_changes[-1]
    assert told.rmse == pytest.approx(math.sqrt((last**2).mean()))
    assert told.bias == pytest.approx(last.mean())
    assert told.max_abs_error == pytest.approx(np.abs(last).max())
    flat = source.reshape(-1, outputs)[:, -1].astype(np.float64)
    other = flavour.reshape(-1, outputs)[:, -1] - flat.mean()
    flat = flat - flat.mean()
    expected = flat @ other / np.linalg.norm(flat) / np.linalg.norm(other)
    assert told.centred_cosine == pytest.approx(expected)


def test_of_many_outputs_the_worst_are_listed_and_all_are_judged() -> None:
    random = np.random.default_rng(5)
    source = random.normal(size=(20, 300))
    flavour = source + random.normal(size=(20, 300)) * np.linspace(0.01, 0.1, 300)
    flavour[3, 7] = math.nan
    parity = compare_values(source, flavour)
    errors = np.sqrt(((flavour - source) ** 2).mean(axis=0))
    errors[7] = math.inf
    assert [change.index for change in parity.output_changes] == sorted(np.argsort(-errors)[:64])
    assert parity.notes[-1] == "64 of 300 outputs are listed, those with the largest rmse"
    assert parity.outputs == 300
    whole = compare_values(np.delete(source, 7, axis=1), np.delete(flavour, 7, axis=1))
    assert value(whole, "rmse") == pytest.approx(np.sqrt((np.delete(errors, 7) ** 2).mean()))


def test_one_dead_output_among_good_ones_shows() -> None:
    source = np.random.default_rng(0).normal(size=(200, 3))
    flavour = source.copy()
    flavour[:, 1] = np.random.default_rng(1).normal(size=200)
    parity = compare_values(source, flavour)
    assert value(parity, "worst_centred_cosine") < 0.3 < 0.6 < value(parity, "centred_cosine")
    assert parity.output_changes[0].centred_cosine == pytest.approx(1)


def test_bounds_hold_the_estimate_and_blocks_widen() -> None:
    random = np.random.default_rng(3)
    source = random.normal(size=(200, 1))
    flavour = source + np.repeat(random.normal(size=(20, 1)), 10, axis=0)
    free, tiles = (
        compare_values(source, flavour),
        compare_values(source, flavour, blocks=np.arange(200) // 10),
    )
    for name in ("rmse", "mean_abs_error", "bias"):
        one: Any = free.figure(name)
        other: Any = tiles.figure(name)
        assert one.low <= one.value <= one.high
        assert other.high - other.low > 2 * (one.high - one.low)


@pytest.mark.parametrize("broken", [math.nan, math.inf])
def test_broken_values_fail(broken: Any) -> None:
    source = np.random.default_rng(0).normal(size=(20, 2))
    flavour = source.copy()
    flavour[4, 1] = broken
    parity = compare_values(source, flavour)
    assert not parity.finite
    assert value(parity, "finite") == 0.95
    for name in ("rmse", "mean_abs_error", "max_abs_error", "bias", "centred_cosine", "worst_centred_cosine"):
        assert judge(parity.figure(name), 1e9, "at_most").outcome is Outcome.FAIL, name
    assert parity.output_changes[0].rmse == 0
    assert math.isnan(parity.output_changes[1].rmse)
    json.dumps(parity.as_dict(), allow_nan=False)


@pytest.mark.parametrize("shape", [(0,), (0, 3), (0, 4, 4, 3), (1,), (1, 3)])
def test_no_item_and_one_item(shape: Any) -> None:
    parity = compare_values(np.ones(shape), np.ones(shape))
    json.dumps(parity.as_dict(), allow_nan=False)
    outcome = judge(parity.figure("rmse"), 0.1, "at_most").outcome
    assert outcome is (Outcome.INCONCLUSIVE if shape[0] else Outcome.NOT_RUN)
    assert parity.figure("centred_cosine").value is None


def test_misfits_are_refused() -> None:
    with pytest.raises(InputError):
        compare_values(np.zeros((2, 3)), np.zeros((3, 2)))
    with pytest.raises(InputError):
        compare_values(np.zeros((2, 0)), np.zeros((2, 0)))
