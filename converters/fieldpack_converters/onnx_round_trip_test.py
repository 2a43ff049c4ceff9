"""A list of ONNX files on one road: what fails is told, and the next file goes its own way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.errors import InputError
from fieldpack_converters.onnx_round_trip import run


@pytest.fixture
def files(tmp_path: Path) -> list[dict[str, Any]]:
    """One damaged file, and one that doubles and shifts its input."""
    onnx = pytest.importorskip("onnx", reason='pip install "fieldpack[onnx]"')
    pytest.importorskip("onnxruntime", reason='pip install "fieldpack[onnx]"')
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        [helper.make_node("Mul", ["x", "two"], ["t"]), helper.make_node("Add", ["t", "two"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", kind, [1, 3])],
        [helper.make_tensor_value_info("y", kind, [1, 3])],
        [helper.make_tensor("two", kind, [], [2.0])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    (tmp_path / "good.onnx").write_bytes(model.SerializeToString())
    (tmp_path / "bad.onnx").write_bytes(b"no model")
    np.save(tmp_path / "x.npy", np.array([[1, -1, 0.5]], np.float32))
    return [
        {
            "name": name,
            "path": str(tmp_path / f"{name}.onnx"),
            "input_shapes": [[1, 3]],
            "folder": str(tmp_path / name),
            "inputs": [[str(tmp_path / "x.npy")]],
            "minimum_ios": 16,
        }
        for name in ("bad", "good")
    ]


def test_a_damaged_file_is_told_and_the_next_one_imported(files: list[dict[str, Any]]) -> None:
    facts = run(files, "import")
    assert "bad.onnx" in facts["bad"]["error"]
    assert facts["good"] == {"outputs": 1}
    np.testing.assert_array_equal(np.load(Path(files[1]["folder"]) / "0_0.npy"), [[4, 0, 3]])


def test_an_unknown_road_is_refused(files: list[dict[str, Any]]) -> None:
    with pytest.raises(InputError, match="no such road"):
        run(files, "pdf")
