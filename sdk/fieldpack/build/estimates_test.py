"""What a build needs for intervals, and the limits on estimates at the gate."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack import gate
from fieldpack.budget import OF_ESTIMATES, Budget, Limits
from fieldpack.build.estimates import check_truth
from fieldpack.build.examples import save_examples
from fieldpack.bundle.read import open_bundle
from fieldpack.data import prepare_data
from fieldpack.errors import SpecError
from fieldpack.model import validated
from fieldpack.parity.estimates import Estimates, compare_estimates
from fieldpack.scenes.testing import QUANTITY, SIDE, tile_bundle, tile_contract
from fieldpack.spec import ArrayData, Spec
from fieldpack.verdict import Outcome

INTERVAL = {
    "name": "range",
    "quantity": QUANTITY,
    "coverage": 0.9,
    "ends": {"kind": "quantiles", "lower": "low", "upper": "high"},
    "refit": "conformal",
}


def spec_of(folder: Path, *, io: str = "float32", truth: bool = True) -> Spec:
    np.save(folder / "x.npy", np.random.default_rng(0).normal(size=(3, SIDE, SIDE, 2)).astype(np.float32))
    np.save(folder / "y.npy", np.zeros((3, SIDE, SIDE), np.float32))
    data: dict[str, Any] = {"kind": "arrays", "inputs": {"tile": str(folder / "x.npy")}}
    if truth:
        data["targets"] = {QUANTITY: str(folder / "y.npy")}
    flavour = {
        "kind": "tflite", "name": "t", "method": "static_int8", "io": io, "fold_scaling": False,
        "ranges": {"kind": "min_max"},
    }  # fmt: skip
    values = {
        "schema": 1,
        "pack": {"name": "p", "version": "1.0.0", "description": "d", "license": "MIT", "seed": 0},
        "source": {"kind": "tflite", "path": "x.tflite"},
        "contract": tile_contract(intervals=[INTERVAL]).model_dump(mode="json", exclude_none=True),
        "data": {"golden": 1, "evaluation": data, "calibration": data},
        "flavours": [flavour],
        "budget": {"every": {"rmse_rise": 0.01}},
    }
    return validated(Spec, values, "test", SpecError)


def test_a_refit_without_truth_is_refused(tmp_path: Path) -> None:
    for truth in (False, True):
        spec = spec_of(tmp_path, truth=truth)
        source = spec.data.calibration
        assert isinstance(source, ArrayData)
        examples = save_examples(prepare_data(source, spec.contract, None, 0), tmp_path / "made")
        if truth:
            check_truth(spec, examples)
            continue
        with pytest.raises(SpecError, match="interval range is refitted"):
            check_truth(spec, examples)
        with pytest.raises(SpecError, match="interval range is refitted"):
            check_truth(spec, None)


def test_estimates_stay_in_floats(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="stay in floats"):
        spec_of(tmp_path, io="int8")


def test_every_limit_on_estimates_is_a_field_and_a_figure() -> None:
    assert set(OF_ESTIMATES) <= set(Limits.model_fields)
    truth = np.random.default_rng(0).uniform(0, 9, (20, 4, 4))
    parity = compare_estimates(Estimates(truth, []), Estimates(truth + 0.5, []), truth, bins=[5.0])
    assert parity.figure("worst_bin_bias_change").value == pytest.approx(0.5)


def test_the_gate_holds_estimates_and_says_what_was_not_measured(tmp_path: Path) -> None:
    budget = validated(Budget, tomllib.loads("[every]\nbias_change = 0.1\nrmse_rise = 0.1"), "b", SpecError)
    truth = np.random.default_rng(0).uniform(0, 9, (20, 4, 4))
    source = Estimates(truth + np.random.default_rng(1).normal(size=truth.shape), [])
    moved = Estimates(None if source.point is None else source.point + 0.5, [])
    parity = compare_estimates(source, moved, truth).as_dict()
    with open_bundle(tile_bundle(tmp_path / "b")) as bundle:
        flavours = bundle.manifest.flavours
        evidence: dict[str, Any] = {"flavours": {flavours[0].name: {"runs": {}}}}
        assert [item.outcome for item in gate.hold(budget, flavours, evidence)] == [Outcome.NOT_RUN] * 2
        evidence["flavours"][flavours[0].name]["estimates"] = {"native": {QUANTITY: parity}}
        rise, change = gate.hold(budget, flavours, evidence)
    assert (rise.name, change.name) == ("rmse_rise", "bias_change")
    assert change.outcome is Outcome.FAIL
    assert change.figure.value == pytest.approx(0.5)
