"""The embedded picture and range models, exported for iNaturalist's plugin."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fieldpack.cli.main import main
from fieldpack.exports.inat_vision_camera.testdata import android_reader, ios_reader

pytestmark = pytest.mark.full

FLAVOURS = ("tflite-int8", "coreml-fp16")


def test_the_embedded_models_become_a_directory_that_both_platforms_load(
    meadow: Path, planet: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "plugin"
    capsys.readouterr()
    chosen = [word for name in FLAVOURS for word in ("--flavour", name)]
    words = ["export", str(meadow), str(planet), "--for", "inat-vision-camera", *chosen]
    arguments = [*words, "--out", str(target), "--json"]
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
