"""The section on estimates: source first, then every flavour and arithmetic, and refitted numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from fieldpack.bundle.read import Bundle, open_bundle
from fieldpack.parity.estimates import Estimates, Range, compare_estimates
from fieldpack.report.estimates import estimate_section
from fieldpack.report.evidence import read_evidence
from fieldpack.report.material import Material, gather
from fieldpack.scenes.testing import QUANTITY, tile_bundle, tile_contract

INTERVAL = {
    "name": "range",
    "quantity": QUANTITY,
    "coverage": 0.9,
    "ends": {"kind": "quantiles", "lower": "low", "upper": "high"},
    "refit": "conformal",
    "bins": [5.0],
}
FIT = {"interval": "range", "numbers": [1.5, -0.25], "counts": [9, 9]}


def material_of(bundle: Bundle, evidence: dict[str, Any]) -> Material:
    plain = gather(bundle, [])
    found = read_evidence(json.dumps(evidence).encode(), "test")
    return Material(plain.manifest, plain.digest, found, (), plain.labels, plain.read)


def compared() -> dict[str, Any]:
    truth = np.zeros((6, 2, 2))
    source = Estimates(truth + 1, [Range(0.9, truth - 1, truth + 1)])
    flavour = Estimates(truth - 2, [Range(0.9, truth + 1, truth + 4)])
    return compare_estimates(source, flavour, truth).as_dict()


def test_source_and_flavours_stand_beside_each_other(tmp_path: Path) -> None:
    bundle = tile_bundle(tmp_path / "b", tile_contract(intervals=[INTERVAL]), fits=[FIT])
    run = {"fp32": {QUANTITY: compared()}}
    evidence = {"flavours": {"tflite-float32": {"runs": {}, "estimates": run}}}
    with open_bundle(bundle) as opened:
        text = str(estimate_section(material_of(opened, evidence)))
    source, flavour = text.split("<tr>")[2:4]
    assert "source" in source
    assert "tflite-float32, fp32" in flavour
    assert [cell.split("</td>")[0] for cell in source.split('class="number">')[1:3]] == ["1", "1"]
    assert [cell.split("</td>")[0] for cell in flavour.split('class="number">')[1:4]] == ["2", "2", "−2"]
    assert "errors and widths in metre" in text
    assert "bins of the answer that end at 5; ends move outwards by tflite-float32 1.5, −0.25" in text


def test_without_truth_and_intervals_there_is_no_section(tmp_path: Path) -> None:
    with open_bundle(tile_bundle(tmp_path / "b")) as opened:
        assert estimate_section(material_of(opened, {"flavours": {}})) is None
