"""A range model from ``pack.toml`` to a map: thresholds refitted, range gates held, both heads in 8 bits."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from fieldpack import worker
from fieldpack.bundle.read import open_bundle
from fieldpack.cli.main import main
from fieldpack.contract import LocationInput
from fieldpack.preprocess.location import encode_places
from fieldpack.range_model import RangeModel

pytestmark = pytest.mark.full
SPECIES, PLACES = 6, 900
SPEC = """
schema = 1
[pack]
name = "islands"
version = "1.0.0"
description = "Six made-up species."
license = "Apache-2.0"
seed = 0
[source]
kind = "keras"
path = "model.keras"
[[contract.inputs]]
kind = "location"
name = "place"
encoding = "inaturalist_5"
[[contract.outputs]]
name = "scores"
activation = "sigmoid"
labels = "labels.txt"
threshold = 0.5
refit = "f1"
[data]
golden = 4
[data.evaluation]
kind = "places"
table = "places.csv"
latitude_column = "lat"
longitude_column = "lon"
elevation_column = "elevation_m"
group_column = "block"
presence = "presence.npy"
where = { split = ["test"] }
[data.calibration]
kind = "places"
table = "places.csv"
latitude_column = "lat"
longitude_column = "lon"
elevation_column = "elevation_m"
presence = "presence.npy"
where = { split = ["fit"] }
[[recipe]]
method = "round_head"
layers = "head"
bits = 8
[[flavours]]
kind = "tflite"
name = "tflite-float16"
method = "float16"
io = "float32"
fold_scaling = false
[[flavours]]
kind = "tflite"
name = "tflite-head8"
method = "float16"
rules = [{ method = "weight_int8", layers = "head" }]
io = "float32"
fold_scaling = false
[[flavours]]
kind = "coreml"
name = "coreml-head8"
precision = "float16"
method = "weight_int8"
weight_layers = "head"
minimum_ios = "16"
fold_scaling = false
[budget.every]
range_iou = 0.9
range_iou_p5 = 0.8
range_iou_smallest = 0.8
range_f1_drop = 0.05
range_f1_drop_p95 = 0.1
nearby_flips = 0.05
"""


def write_world(folder: Path) -> None:
    """Places all over the earth, six circles in which a species lives, and a small trained model."""
    pytest.importorskip("tensorflow", reason="pip install 'fieldpack[keras]'")
    pytest.importorskip("coremltools", reason="pip install 'fieldpack[coreml-convert]'")
    generator = np.random.default_rng(0)
    latitudes = np.degrees(np.arcsin(generator.uniform(-1, 1, PLACES)))
    longitudes, elevations = generator.uniform(-180, 180, PLACES), generator.uniform(0, 3000, PLACES)
    y, x = np.radians(latitudes), np.radians(longitudes)
    points = np.stack([np.cos(y) * np.cos(x), np.cos(y) * np.sin(x), np.sin(y)], axis=1)
    presence = points @ points[:SPECIES].T > 0.75
    with (folder / "places.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("lat", "lon", "elevation_m", "block", "split"))
        for number, row in enumerate(zip(latitudes, longitudes, elevations, strict=True)):
            writer.writerow((*row, int(row[1] // 20), "test" if number % 3 == 0 else "fit"))
    np.save(folder / "presence.npy", presence)
    (folder / "labels.txt").write_text("".join(f"species {number}\n" for number in range(SPECIES)))
    contract = LocationInput.model_validate({"kind": "location", "name": "p", "encoding": "inaturalist_5"})
    np.save(folder / "vectors.npy", encode_places(latitudes, longitudes, elevations, contract))
    words = {"inputs": str(folder / "vectors.npy"), "presence": str(folder / "presence.npy")}
    model = {"path": str(folder / "model.keras"), "epochs": 40, "blocks": 1}
    worker.run("fieldpack_benchmarks.rounds.range_world:train", {**words, **model})
    (folder / "pack.toml").write_text(SPEC)


def test_a_range_model_becomes_a_bundle_and_a_map(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_world(tmp_path)
    out = tmp_path / "islands.fieldpack"
    assert main(["build", str(tmp_path / "pack.toml"), "--out", str(out), "--json"]) in (0, 3)
    assert main(["verify", str(out)]) == 0
    assert "encoder coreml" in capsys.readouterr().out
    with open_bundle(out) as bundle:
        manifest = bundle.manifest
        assert [entry.kind for entry in manifest.encoders] == ["tflite", "coreml"]
        assert max(entry.max_abs for entry in manifest.encoders) < 1e-6
        limits = {verdict["name"] for verdict in manifest.verdicts if verdict["figure"]["value"] is not None}
        assert limits >= {"range_iou", "range_iou_p5", "range_iou_smallest", "range_f1_drop", "nearby_flips"}
        assert {verdict["outcome"] for verdict in manifest.verdicts} <= {"pass", "inconclusive"}
        assert all(entry.thresholds for entry in manifest.flavours)
        half, small = (manifest.flavour(name) for name in ("tflite-float16", "tflite-head8"))
        assert half is not None
        assert small is not None
        assert small.installed_bytes < half.installed_bytes - 1000
        own = [bundle.thresholds("scores", name) for name in ("tflite-head8", "coreml-head8")]
        assert own[0] is not None
        assert own[1] is not None
        assert (own[0] != own[1]).any()
        model = RangeModel(bundle, "tflite-head8")
        assert model.gathers
        every = model.scores([10.0, -40.0], [20.0, 170.0], [100.0, 5.0])
        some = model.scores([10.0, -40.0], [20.0, 170.0], [100.0, 5.0], ["species 4"])
        assert np.abs(some[:, 0] - every[:, 4]).max() < 1e-6
    words = ["map", str(out), "--taxon", "species 2", "--resolution", "1", "--compare", "coreml-head8"]
    assert main([*words, "--out", str(tmp_path / "m.geojson")]) == 0
    document = json.loads((tmp_path / "m.geojson").read_text())
    assert document["fieldpack"]["overlap"] > 0.9
