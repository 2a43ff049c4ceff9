"""The embedded picture and range models, built and exported for iNaturalist's plugin."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fieldpack.cli.main import main
from fieldpack.exports.inat_vision_camera.testdata import android_reader, ios_reader

pytestmark = pytest.mark.full

MODELS = Path(__file__).parents[1] / "reference_models/fieldpack_reference_models"
#: Model -> flavours to build, and how many examples there are and are taken.
PACKS = {
    "vision": (("tflite-int8", "coreml-fp16"), {"count = 960": "count = 96", "count = 240": "count = 48"}),
    "planet": (
        ("tflite-int8", "coreml-fp16"),
        {"count = 6000": "count = 600", "count = 2400": "count = 600"},
    ),
}


def built(name: str, folder: Path) -> Path:
    """A bundle of an embedded model, smaller than it comes."""
    flavours, counts = PACKS[name]
    head, *parts = (MODELS / name / "pack.toml").read_text(encoding="utf-8").split("[[flavours]]")
    tables = [part.split("[budget")[0] for part in parts if any(f'"{kind}"' in part for kind in flavours)]
    text = "[[flavours]]".join([head, *tables]) + "\n[budget.every]\ninstalled_bytes = 900000\n"
    for old, new in counts.items():
        text = text.replace(old, new)
    for file in ("model.keras", "labels.txt", "taxonomy.csv", "elevation_r2.csv"):
        text = text.replace(f'"{file}"', f'"{MODELS / name / file}"')
    (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    assert main(["build", str(folder / f"{name}.toml"), "--out", str(folder / name)]) == 0
    return folder / name


def test_the_embedded_models_become_a_directory_that_both_platforms_load(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundles = [str(built(name, tmp_path)) for name in PACKS]
    target = tmp_path / "plugin"
    capsys.readouterr()
    arguments = ["export", *bundles, "--for", "inat-vision-camera", "--out", str(target), "--json"]
    assert main(arguments) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["lint"]["outcome"] == "pass"
    assert {figure["evidence"] for figure in made["golden"]} == {"host", "reference"}
    assert max(figure["difference"] for figure in made["golden"]) < 0.005
    (csv,), (rows,) = (target / "android").glob("*.csv"), (target / "ios").glob("*.json")
    android, ios = android_reader.read(csv), ios_reader.read(rows)
    assert android.facts() == ios.facts()
    assert android.model_size == 12
    assert android.rollup([1 / 12] * 12) == ios.rollup([1 / 12] * 12)
