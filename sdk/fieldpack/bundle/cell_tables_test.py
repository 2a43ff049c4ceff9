"""A bundle whose input is a place with features of its cell: read, run, and refused when it is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.bundle.consistency import manifest_findings
from fieldpack.bundle.manifest import EncoderEntry, Manifest
from fieldpack.bundle.read import open_bundle
from fieldpack.bundle.verify import check_structure
from fieldpack.bundle.write import BundleWriter
from fieldpack.errors import BundleError
from fieldpack.predict import Predictor
from fieldpack.testing import TINY_MODEL, tiny_content
from fieldpack.verdict import Outcome
from fieldpack.verification import verify

ENCODER = "encoders/vector/model.tflite"
PLACE = (47.0, 8.0)


def place_bundle(target: Path, table: str, *, encoder: bool = False) -> Path:
    """The tiny bundle, its four numbers being a place in degrees and two features."""
    features: dict[str, Any] = {
        "file": "tables/vector.features.csv",
        "resolution": 4,
        "cell_column": "cell",
        "columns": ["rain", "warmth"],
        "missing": "refuse",
    }
    with BundleWriter(target) as writer:
        fields = tiny_content(writer)
        writer.add_bytes(features["file"], table.encode())
        fields["contract"]["inputs"] = [
            {"kind": "location", "name": "vector", "encoding": "degrees", "features": features}
        ]
        if encoder:
            writer.add_bytes(ENCODER, writer.path(TINY_MODEL).read_bytes())
            fields["encoders"] = [encoder_entry(fields["flavours"][0])]
        writer.commit(fields)
    return target


def encoder_entry(flavour: dict[str, Any]) -> dict[str, Any]:
    border = {"name": "vector", "tensor": "vector", "shape": [1, 4], "dtype": "float32"}
    return {
        "input": "vector",
        "kind": "tflite",
        "path": ENCODER,
        "digest": flavour["digest"],
        "installed_bytes": flavour["installed_bytes"],
        "fields": ["latitude_degrees", "longitude_degrees", "rain", "warmth"],
        "inputs": [{**border, "name": "place"}],
        "outputs": [{**border, "tensor": "scores"}],
        "requires": {"operators": {}},
        "max_abs": 1e-7,
        "places": 10,
    }


def cells() -> str:
    h3 = pytest.importorskip("h3", reason="pip install 'fieldpack[geo]'")
    return f"cell,rain,warmth\n{h3.latlng_to_cell(*PLACE, 4)},0.5,-0.25\n"


def test_a_place_finds_its_features_in_the_bundle(tmp_path: Path) -> None:
    path = place_bundle(tmp_path / "place", cells())
    assert check_structure(path) == []
    for place in (path, place_bundle(tmp_path / "place.fieldpack", cells())):
        with open_bundle(place) as bundle:
            predictor = Predictor(bundle)
            found = predictor.scores((*PLACE, None))["scores"]
            wanted = predictor.run({"vector": np.array([[47.0, 8.0, 0.5, -0.25]], np.float32)})["scores"]
        assert found.tolist() == wanted[0].tolist()


def test_a_faulty_table_is_no_bundle(tmp_path: Path) -> None:
    cells()
    with pytest.raises(BundleError, match="not an H3 cell of resolution 4"):
        place_bundle(tmp_path / "place", "cell,rain,warmth\nswamp,1,2\n")


def test_an_encoder_is_run_when_a_bundle_is_verified(tmp_path: Path) -> None:
    checks = verify(place_bundle(tmp_path / "place", cells(), encoder=True)).golden
    (encoder,) = [check for check in checks if check.flavour == "encoder tflite"]
    assert encoder.outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({}, None),
        ({"input": "other"}, "encoder of other: the contract has no such place"),
        ({"fields": ["latitude_degrees", "longitude_degrees"]}, "encoder of vector takes latitude_degrees"),
        ({"installed_bytes": 1}, "encoder of vector: installed_bytes is not the size"),
        ({"path": TINY_MODEL}, "two flavours share"),
    ],
)
def test_encoders_fit_the_contract_and_the_files(
    tmp_path: Path, wrong: dict[str, Any], words: str | None
) -> None:
    with open_bundle(place_bundle(tmp_path / "place", cells(), encoder=True)) as bundle:
        manifest: Manifest = bundle.manifest
    stated = manifest.encoders[0].model_dump(mode="json")
    entry = EncoderEntry.model_validate({**stated, **wrong})
    found = [item.message for item in manifest_findings(manifest.model_copy(update={"encoders": (entry,)}))]
    assert len(found) == (words is not None)
    assert words is None or found[0].startswith(words)
