"""The same graphs in PyTorch, Keras and TFLite, on what numpy says; and numpy, on what TensorFlow says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fieldpack import worker
from fieldpack_converters.front_end.export import choices_of
from fieldpack_converters.front_end.spectrogram import transforms_of
from fieldpack_converters.front_end.testing import FRONT_ENDS, contract_of, in_decibels

pytestmark = pytest.mark.full

TESTING = "fieldpack_converters.front_end.testing:"
EXPORTED = ("window's own reference", "two channels like BirdNET")


@pytest.fixture(scope="module")
def in_tensorflow(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """One process for all that needs TensorFlow, whose import takes longest."""
    words = {"folder": str(tmp_path_factory.mktemp("exported")), "exported": list(EXPORTED)}
    return worker.run(f"{TESTING}in_tensorflow", words)


@pytest.fixture(params=["torch", "keras"])
def found(request: pytest.FixtureRequest, in_tensorflow: dict[str, Any]) -> dict[str, float]:
    """Front-end and transform -> difference in a framework."""
    if request.param == "keras":
        return dict(in_tensorflow["differences"])
    return worker.run(f"{TESTING}differences", {"framework": "torch"})


def test_every_front_end_is_within_a_hundredth_of_a_decibel(found: dict[str, float]) -> None:
    wanted = {f"{name}, {one}" for name in FRONT_ENDS for one in transforms_of(contract_of(name).front_end)}
    assert set(found) == wanted
    bars = {name: 0.01 if in_decibels(contract_of(name)) else 0.003 for name in FRONT_ENDS}
    assert {name: gap for name, gap in found.items() if gap >= bars[name.rsplit(", ", 1)[0]]} == {}


def test_numpy_computes_what_tensorflow_computes(in_tensorflow: dict[str, Any]) -> None:
    """librosa is no oracle for a window that starts its frame, nor for triangles straight over mel."""
    gaps = in_tensorflow["gaps"]
    assert set(gaps) == {"mel filters", "like YAMNet", "two channels like BirdNET"}
    assert max(gaps.values()) < 1e-5


@pytest.mark.parametrize(
    ("name", "max_db", "rms_db"), [("window's own reference", 0.01, 0.001), (EXPORTED[1], 0.05, 0.002)]
)
def test_tflite_files_are_the_reference(
    name: str, max_db: float, rms_db: float, in_tensorflow: dict[str, Any]
) -> None:
    """Real parts cross zero, where a rounding of float32 is many decibels: their bar is wider."""
    files = in_tensorflow["files"][name]
    assert [tuple(item["transforms"]) for item in files] == choices_of(contract_of(name))
    assert all(item["max_db"] < max_db and item["rms_db"] < rms_db for item in files)
    assert all(Path(item["path"]).stat().st_size > 1000 for item in files)


def test_half_filters_hold_where_half_waves_do_not(in_tensorflow: dict[str, Any]) -> None:
    for item in in_tensorflow["files"]["window's own reference"]:
        whole, halves = Path(item["path"]), {one["weights"]: one for one in item["halves"]}
        assert list(halves) == ["float16", "filters_float16"]
        waves, filters = halves["float16"], halves["filters_float16"]
        assert filters["max_db"] < 0.01
        assert filters["rms_db"] < 0.001
        assert waves["max_db"] > 0.1
        sizes = [Path(one["path"]).stat().st_size for one in (waves, filters)]
        assert sizes[0] < sizes[1] < whole.stat().st_size


def test_only_files_under_the_cap_are_written(in_tensorflow: dict[str, Any]) -> None:
    assert in_tensorflow["under_a_cap"] == [["factored"]]
