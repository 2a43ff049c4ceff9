"""Tables of places, with and without what is present there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.contract import Contract
from fieldpack.data import prepare_data
from fieldpack.errors import InputError, SpecError
from fieldpack.spec import ArrayData, PlaceData

CONTRACT = Contract.model_validate(
    {
        "inputs": [{"kind": "location", "name": "place", "encoding": "inaturalist_5"}],
        "outputs": [
            {"name": "scores", "activation": "sigmoid", "labels": "labels.txt", "threshold": 0.5},
        ],
    }
)
TABLE = "lat,lon,up,block,species\n10,20,500,a,oak\n-10,30,,a,\n0,180,0,b,elm\n"


def source(folder: Path, text: str = TABLE, **words: Any) -> PlaceData:
    (folder / "places.csv").write_text(text)
    stated = {
        "kind": "places",
        "table": str(folder / "places.csv"),
        "latitude_column": "lat",
        "longitude_column": "lon",
        "elevation_column": "up",
    }
    return PlaceData.model_validate({**stated, **words})


def presence(folder: Path, array: Any) -> str:
    np.save(folder / "present.npy", np.asarray(array))
    return str(folder / "present.npy")


def test_places_bring_elevation_groups_and_labels(tmp_path: Path) -> None:
    stated = source(tmp_path, group_column="block", label_column="species")
    prepared = prepare_data(stated, CONTRACT, ("elm", "oak"), 0)
    assert np.allclose(prepared.inputs["place"][:, 4], [500 / 5705.63, -1.0, 0.0])
    assert prepared.labels is not None
    assert prepared.labels.tolist() == [1, -1, 0]
    assert prepared.blocks is not None
    assert prepared.blocks.tolist() == [0, 0, 1]
    assert prepared.presence is None


def test_presence_follows_its_rows(tmp_path: Path) -> None:
    there = [[1, 0], [0, 1], [1, 1]]
    stated = source(tmp_path, presence=presence(tmp_path, np.array(there, np.uint8)), where={"block": ("b",)})
    prepared = prepare_data(stated, CONTRACT, None, 0)
    assert prepared.ids == ["2"]
    assert prepared.presence is not None
    assert prepared.presence.tolist() == [[True, True]]
    whole = prepare_data(source(tmp_path, presence=stated.presence), CONTRACT, None, 0)
    other = presence(tmp_path, np.array(there[::-1], np.uint8))
    assert whole.digest() != prepare_data(source(tmp_path, presence=other), CONTRACT, None, 0).digest()


def test_arrays_have_a_presence_too(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((2, 5), np.float32))
    words = {"kind": "arrays", "inputs": {"place": str(tmp_path / "x.npy")}}
    stated = ArrayData.model_validate({**words, "presence": presence(tmp_path, [[True], [False]])})
    prepared = prepare_data(stated, CONTRACT, None, 0)
    assert prepared.presence is not None
    assert prepared.presence.tolist() == [[True], [False]]


@pytest.mark.parametrize(
    "array", [np.zeros((2, 2), np.uint8), np.full((3, 2), 2, np.uint8), np.zeros((3, 2))]
)
def test_a_presence_that_does_not_fit_is_refused(tmp_path: Path, array: Any) -> None:
    with pytest.raises(InputError, match="which labels are present"):
        prepare_data(source(tmp_path, presence=presence(tmp_path, array)), CONTRACT, None, 0)


def test_faulty_tables_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no number"):
        prepare_data(source(tmp_path, "lat,lon,up\nnorth,1,2\n"), CONTRACT, None, 0)
    with pytest.raises(InputError, match="has no place"):
        prepare_data(source(tmp_path, "lat,lon,up\n,1,2\n"), CONTRACT, None, 0)
    with pytest.raises(InputError, match="look swapped"):
        prepare_data(source(tmp_path, "lat,lon,up\n120,10,2\n"), CONTRACT, None, 0)
    with pytest.raises(SpecError, match="is left"):
        prepare_data(source(tmp_path, where={"block": ("z",)}), CONTRACT, None, 0)
    with pytest.raises(ValueError, match="say the same"):
        source(tmp_path, label_column="species", presence="x.npy")
