"""Encoders of places against the float64 formulas, in every framework."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.contract import LocationInput
from fieldpack.parity.places import MAX_ABS, largest_gap, tried_places
from fieldpack_converters.front_end import in_numpy
from fieldpack_converters.front_end.places import graph_of_place

TABLE = {
    "file": "climate.csv",
    "resolution": 4,
    "cell_column": "cell",
    "columns": ["rain", "warmth"],
    "missing": 0.0,
}
ENCODINGS: dict[str, dict[str, Any]] = {
    "degrees": {"encoding": "degrees"},
    "four": {"encoding": "sin_cos_4"},
    "five": {"encoding": "inaturalist_5"},
    "fourteen": {"encoding": "sinusoidal_14"},
    "week": {"encoding": {"kind": "birdnet_3", "week": "number"}},
    "cosine of week": {"encoding": {"kind": "birdnet_3", "week": "cosine"}},
    "SINR with features": {"encoding": "sin_cos_4", "features": TABLE},
    "five with features": {"encoding": "inaturalist_5", "features": TABLE},
}


def contract_of(name: str) -> LocationInput:
    words = {"kind": "location", "name": "place", **ENCODINGS[name]}
    return LocationInput.model_validate(words)


@pytest.mark.parametrize("name", ENCODINGS)
def test_float32_keeps_a_millionth(name: str) -> None:
    contract = contract_of(name)
    graph, fields = graph_of_place(contract), tried_places(contract, 20_000, seed=3)
    assert largest_gap(fields, in_numpy.run(graph, fields, np.float32).astype(np.float32), contract) < 2.5e-7
    exact = in_numpy.run(graph, fields, np.float64)
    assert exact.shape[1:] == contract.shape == graph.operations[-1].shape
    assert largest_gap(fields, exact.astype(np.float32), contract) < 1e-7


def test_plain_float32_sines_would_not() -> None:
    contract = contract_of("fourteen")
    fields = tried_places(contract, 20_000)
    wrong = np.sin(np.float32(8 * np.pi) * (fields[:, 1] / np.float32(180)))
    right = np.sin(8 * np.pi * fields[:, 1].astype(np.float64) / 180)
    assert np.abs(wrong - right).max() > MAX_ABS


def test_both_ends_of_longitude_give_the_same_bits() -> None:
    graph = graph_of_place(contract_of("four"))
    east, west = in_numpy.run(graph, np.array([[12.5, 180.0], [12.5, -180.0]], np.float32), np.float32)
    assert east.tolist() == west.tolist()
    assert east[0] == 0.0


def test_a_wrong_or_broken_encoder_is_seen() -> None:
    contract = contract_of("five")
    fields = tried_places(contract)
    good = in_numpy.run(graph_of_place(contract), fields, np.float32).astype(np.float32)
    other = contract.encoding.model_copy(update={"highest_m": 6574.0})
    assert largest_gap(fields, good, contract.model_copy(update={"encoding": other})) > 0.1
    good[3, 2] = np.nan
    assert largest_gap(fields, good, contract) == float("inf")


@pytest.mark.parametrize("name", ["five", "fourteen", "cosine of week", "SINR with features"])
def test_pytorch_keeps_a_millionth(name: str) -> None:
    torch = pytest.importorskip("torch", reason="pip install 'fieldpack[torch]'")
    from fieldpack_converters.front_end.in_torch import FrontEndModule

    contract = contract_of(name)
    fields = tried_places(contract)
    with torch.inference_mode():
        got = FrontEndModule(graph_of_place(contract))(torch.from_numpy(fields)).numpy()
    assert largest_gap(fields, got, contract) < 2.5e-7


@pytest.mark.full
def test_both_files_keep_a_millionth(tmp_path: Path) -> None:
    pytest.importorskip("tensorflow", reason="pip install 'fieldpack[keras]'")
    pytest.importorskip("coremltools", reason="pip install 'fieldpack[coreml-convert]'")
    from fieldpack.build.encoders import _judged
    from fieldpack.bundle.manifest import FlavourKind
    from fieldpack_converters.front_end.place_export import export_place

    for number, name in enumerate(("five with features", "fourteen")):
        contract = contract_of(name)
        folder = tmp_path / str(number)
        folder.mkdir()
        files = {kind: folder / f"model.{kind.value}" for kind in FlavourKind}
        files[FlavourKind.COREML] = folder / "model.mlpackage"
        words = [str(files[kind]) for kind in (FlavourKind.TFLITE, FlavourKind.COREML)]
        export_place(contract.model_dump(mode="json"), words[0], words[1], "16")
        for kind, path in files.items():
            assert _judged(contract, kind, path).entry.max_abs <= MAX_ABS / 2
