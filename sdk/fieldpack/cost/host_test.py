from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.bundle.manifest import Border
from fieldpack.cost.host import ONE_ROUND, Candidate, measure_on_host
from fieldpack.errors import ModelFileError
from fieldpack.relative import FEWEST_ROUNDS
from fieldpack.testing import tiny_tflite

VECTOR = Border(name="vector", tensor="vector", shape=(1, 4), dtype="float32")


def candidate(folder: Path, name: str = "tiny") -> Candidate:
    (folder / f"{name}.tflite").write_bytes(tiny_tflite())
    np.save(folder / "vector.npy", np.zeros((3, 4), np.float32))
    return Candidate(name, folder / f"{name}.tflite", (VECTOR,), {"vector": str(folder / "vector.npy")})


def test_a_round_keeps_every_value_and_its_median(tmp_path: Path) -> None:
    record = measure_on_host([candidate(tmp_path)], rounds=1)["tiny"]
    (taken,) = record["rounds"]
    assert len(taken["warm_ups_ms"]) == 3
    assert 10 <= len(taken["runs_ms"]) <= 50
    assert taken["latency_ms"] == pytest.approx(float(np.median(taken["runs_ms"])), abs=1e-3)
    assert record["threads"] == 1
    assert record["runtime"].startswith("ai-edge-litert ")
    assert set(record["machine"]) == {"cpu", "cores", "system", "load"}
    if sys.platform == "linux":
        assert 0 < taken["peak_memory_bytes"] < 50_000_000


def wide_tflite(width: int) -> bytes:
    """The tiny model with `width` inputs: 3 * `width` weights, float32."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(tiny_tflite()))
    vector, weights = model.subgraphs[0].tensors[:2]
    vector.shape, weights.shape = [1, width], [3, width]
    model.buffers[weights.buffer].data = np.ones(3 * width, np.float32).view(np.uint8)
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: the peak of a process is read in /proc")
def test_memory_counts_the_weights_that_were_touched(tmp_path: Path) -> None:
    peaks = {}
    for width in (4, 1_000_000):
        (tmp_path / "wide.tflite").write_bytes(wide_tflite(width))
        np.save(tmp_path / "wide.npy", np.ones((1, width), np.float32))
        border = Border(name="vector", tensor="vector", shape=(1, width), dtype="float32")
        wide = Candidate("wide", tmp_path / "wide.tflite", (border,), {"vector": str(tmp_path / "wide.npy")})
        (taken,) = measure_on_host([wide], rounds=1)["wide"]["rounds"]
        peaks[width] = taken["peak_memory_bytes"]
    assert peaks[4] < 12_000_000 < 12_000_000 + peaks[4] < peaks[1_000_000]


def test_files_take_turns_and_the_order_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def answered(target: str, words: dict[str, Any]) -> dict[str, Any]:
        assert target == ONE_ROUND
        asked.append(Path(words["path"]).stem)
        found = {"latency_ms": float(len(asked)), "peak_memory_bytes": None}
        return {**found, "warm_ups_ms": [], "runs_ms": [], "runtime": "r"}

    monkeypatch.setattr("fieldpack.worker.run", answered)
    records = measure_on_host([candidate(tmp_path, "a"), candidate(tmp_path, "b")])
    assert asked == ["a", "b", "b", "a"] * 2 + ["a", "b"]
    assert [item["latency_ms"] for item in records["a"]["rounds"]] == [1, 4, 5, 8, 9]
    assert len(records["b"]["rounds"]) == FEWEST_ROUNDS


def test_a_file_that_does_not_load_is_named(tmp_path: Path) -> None:
    broken = candidate(tmp_path)
    broken.path.write_bytes(tiny_tflite()[:100])
    with pytest.raises(ModelFileError):
        measure_on_host([broken], rounds=1)
