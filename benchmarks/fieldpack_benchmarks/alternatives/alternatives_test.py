"""The other tools on models so small that each answers in seconds."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fieldpack import worker
from fieldpack.bundle.manifest import FlavourKind
from fieldpack.errors import WorkerError
from fieldpack.tflite.conftest import dense_model
from fieldpack.tflite.file import open_model
from fieldpack.tflite.runner import TfliteRunner
from fieldpack_benchmarks.alternatives import answered, nncf_quantiser, onnx_runtime
from fieldpack_benchmarks.networks.cifar_resnet import resnet20

TARGETS = "fieldpack_benchmarks.alternatives"


@pytest.fixture
def dense(tmp_path: Path) -> SimpleNamespace:
    """Four numbers to three: its float file, calibration examples and what it answers to them."""
    path = tmp_path / "float.tflite"
    path.write_bytes(dense_model().data)
    values = np.random.default_rng(1).uniform(-1, 1, (50, 4)).astype(np.float32)
    np.save(tmp_path / "x.npy", values)
    return SimpleNamespace(path=path, values=values, file=str(tmp_path / "x.npy"), answers=ran(path, values))


def ran(path: Path, values: Any) -> Any:
    runner = TfliteRunner(path)
    name, output = runner.inputs[0].name, runner.outputs[0].name
    return np.concatenate([runner.run_real({name: row[None]})[output] for row in values])


@pytest.mark.full
@pytest.mark.parametrize("tool", ["edge_quantizer", "tflite_converter"])
def test_a_float_file_becomes_int8(dense: SimpleNamespace, tmp_path: Path, tool: str) -> None:
    path = tmp_path / "int8.tflite"
    words: dict[str, Any] = {"calibration": [dense.file], "path": str(path), "model": str(dense.path)}
    if tool == "tflite_converter":
        words["source"] = {"kind": "torch", "path": ""}
    worker.run(f"{TARGETS}.{tool}:quantize", words)
    model = open_model(path)
    assert model.quantised_op_count == 2
    assert "float32" not in model.weight_dtypes()
    assert close(ran(path, dense.values), dense.answers)


@pytest.fixture(scope="module")
def residual(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A ResNet-20 of random weights, examples [12, 3, 32, 32], and what it answers."""
    import torch

    torch.manual_seed(0)
    module = resnet20().eval()
    folder = tmp_path_factory.mktemp("residual")
    torch.save(module.state_dict(), folder / "m.pt")
    values = torch.randn(12, 3, 32, 32)
    np.save(folder / "x.npy", values.numpy())
    with torch.no_grad():
        scores = module(values).numpy()
    source = {
        "kind": "torch",
        "path": str(folder / "m.pt"),
        "factory": "fieldpack_benchmarks.networks.cifar_resnet:resnet20",
        "strip_prefix": None,
        "input_shapes": [[1, 3, 32, 32]],
    }
    return {"source": source, "examples": [str(folder / "x.npy")], "scores": scores, "folder": folder}


def close(found: Any, wanted: Any) -> bool:
    """Correlated as 8-bit answers are, and not the float ones themselves."""
    centred = [array - array.mean(axis=0) for array in (found, wanted)]
    cosine = np.sum(centred[0] * centred[1]) / np.prod([np.linalg.norm(array) for array in centred])
    return bool(cosine > 0.9 and np.abs(found - wanted).max() > 1e-4)


@pytest.mark.full
def test_onnxruntime_quantises_and_runs_a_module(residual: dict[str, Any]) -> None:
    folder, examples = residual["folder"], residual["examples"]
    made: list[dict[str, Any]] = [
        {"path": str(folder / f"{name}.onnx"), "scores": str(folder / f"{name}.npy"), "per_channel": channels}
        for name, channels in (("tensors", False), ("channels", True))
    ]
    onnx_runtime.quantize(examples, examples, made, residual["source"], "")
    sizes = [Path(one["path"]).stat().st_size for one in made]
    assert sizes[0] < sizes[1] < 0.4 * (folder / "float.onnx").stat().st_size
    assert all(close(np.load(one["scores"]), residual["scores"]) for one in made)
    assert not np.array_equal(*(np.load(one["scores"]) for one in made))


@pytest.mark.full
def test_nncf_quantises_and_runs_a_module(residual: dict[str, Any]) -> None:
    pytest.importorskip("nncf", reason="pip install nncf")
    scores = str(residual["folder"] / "nncf.npy")
    found = nncf_quantiser.quantize(residual["examples"], residual["examples"], scores, residual["source"])
    assert close(np.load(scores), residual["scores"])
    assert 268_336 < found["size_bytes"] < 280_000


def test_a_tool_that_fails_is_a_fact_and_the_next_one_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(given: Any) -> Any:
        yield answered.Answered("a", FlavourKind.TFLITE, 1, 1)
        raise WorkerError("the worker ended", hint="its log:\n    Traceback\n    ValueError: no such thing")

    def make(given: Any) -> Any:
        yield answered.Answered("b", FlavourKind.TFLITE, 1, 1)

    monkeypatch.setattr(answered, "_MAKERS", ((("a", "c"), fail), (("b",), make)))
    found = list(answered.answered(None, lambda stage, done: None))  # type: ignore[arg-type]
    assert [item.tool for item in found] == ["a", "c", "b"]
    assert found[0].note == "failed: ValueError: no such thing"
    assert [item.failed for item in found] == [True, True, False]


def test_sizes_of_files_and_folders(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(1000))
    (tmp_path / "b").mkdir()
    (tmp_path / "b/c").write_bytes(bytes(500))
    installed, download = answered.sizes(tmp_path)
    assert installed == 1500
    assert download < 100
    assert answered.sizes(tmp_path / "a")[0] == 1000
