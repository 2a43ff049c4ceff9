"""The embedded range model: built with thresholds of its flavours' own, and asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fieldpack.bundle.read import open_bundle
from fieldpack.cli.main import main
from fieldpack_reference_models.planet.ground import degrees, elevation_m
from fieldpack_reference_models.planet.ranges import ellipses

pytestmark = pytest.mark.full

PACK = Path(__file__).parents[1] / "reference_models/fieldpack_reference_models/planet/pack.toml"


FLAVOURS = ("tflite-float32", "tflite-int8", "coreml-fp16")


def build_planet(folder: Path, target: Path) -> None:
    """Build the embedded pack with fewer places and flavours; its spec goes into the folder."""
    head, *parts = PACK.read_text(encoding="utf-8").split("[[flavours]]")
    tables = [
        f"[[flavours]]{part.split('[budget')[0]}"
        for part in parts
        if any(f'"{name}"' in part for name in FLAVOURS)
    ]
    budget = "[budget.every]\nrange_iou = 0.9\nrange_f1_drop = 0.05\n"
    text = "".join([head, *tables, budget])
    text = text.replace("count = 6000", "count = 1500").replace("count = 2400", "count = 600")
    for name in ("model.keras", "labels.txt", "taxonomy.csv", "elevation_r2.csv"):
        text = text.replace(f'"{name}"', f'"{PACK.parent / name}"')
    (folder / "pack.toml").write_text(text, encoding="utf-8")
    assert main(["build", str(folder / "pack.toml"), "--out", str(target)]) == 0


def test_maps_are_judged_at_thresholds_of_the_flavour_s_own(planet: Path) -> None:
    with open_bundle(planet) as opened:
        (output,) = opened.manifest.contract.outputs
        assert b"9101" in opened.read(str(output.taxonomy))
        runs = json.loads(opened.read(opened.manifest.evidence))["flavours"]["tflite-int8"]["runs"]
    figures = {figure["name"]: figure["value"] for figure in runs["native"]["scores"]["figures"]}
    assert 0.9 < figures["range_iou"] < 1
    assert figures["source_range_f1"] > 0.85
    assert abs(figures["range_f1_drop"]) < 0.02


def test_it_names_the_kind_that_lives_there(planet: Path, capsys: pytest.CaptureFixture[str]) -> None:
    middle = ellipses()["fish"][0].centre[None]
    (latitude,), (longitude,) = degrees(middle)
    place = f"{latitude:.4f},{longitude:.4f},{elevation_m(middle)[0]:.0f}"
    capsys.readouterr()
    assert main(["predict", str(planet), place, "--flavour", "tflite-int8", "--json"]) == 0
    scores = json.loads(capsys.readouterr().out)["answers"][0]["outputs"]["scores"]
    assert [row["label"] for row in scores if row["expected"]] == ["fish"]
