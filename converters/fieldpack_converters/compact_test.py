"""The compactor removes what no runtime reads and nothing else."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from fieldpack.errors import ConversionError, ModelFileError
from fieldpack_converters import compact
from fieldpack_converters.compact import compacted
from fieldpack_converters.opened_source import Array
from fieldpack_converters.tflite_graph import TFLiteGraph
from fieldpack_converters.tflite_interpreter import run_tflite


def bloated(content: bytes) -> bytes:
    """The file with an unused tensor, a doubled constant and calibration statistics."""
    graph = TFLiteGraph(content)
    stem = next(item for item in graph.operations() if item.name == "CONV_2D")
    graph.model.buffers.append(copy.deepcopy(graph.model.buffers[graph.main.tensors[stem.inputs[1]].buffer]))
    unused = copy.deepcopy(graph.main.tensors[stem.inputs[1]])
    unused.name, unused.buffer = b"left over", len(graph.model.buffers) - 1
    graph.main.tensors.append(unused)
    return graph.content()


def test_left_overs_go_and_the_answers_stay(tiny_content: bytes, tiny_samples: Array) -> None:
    smaller = compacted(bloated(tiny_content))
    assert len(smaller) < len(tiny_content)
    before, after = (run_tflite(item, [tiny_samples])[0] for item in (tiny_content, smaller))
    np.testing.assert_array_equal(before, after)


def test_border_names_and_signature_stay(tiny_content: bytes) -> None:
    graph = TFLiteGraph(compacted(bloated(tiny_content)))
    assert [graph.name(tensor) for tensor in (*graph.inputs, *graph.outputs)] == ["image", "scores"]
    assert graph.signature_names == {graph.inputs[0]: "picture"}


def test_inner_names_stay_on_request(tiny_content: bytes) -> None:
    graph = TFLiteGraph(compacted(bloated(tiny_content), keep_names=True))
    assert "point" in [graph.scope(item) for item in graph.operations()]
    assert "left over" not in [graph.name(index) for index in range(len(graph.main.tensors))]


def test_compacting_twice_changes_nothing_more(tiny_content: bytes) -> None:
    once = compacted(bloated(tiny_content))
    assert compacted(once) == once


def with_zero_points(content: bytes, owners: int, channels: int = 1000) -> bytes:
    """The file with zero points for that many channels on some of its tensors."""
    from ai_edge_litert import schema_py_generated as schema

    graph = TFLiteGraph(content)
    for tensor in graph.main.tensors[:owners]:
        tensor.quantization = schema.QuantizationParametersT()
        tensor.quantization.zeroPoint = np.zeros(channels, np.int64)
    return graph.content()


def test_equal_zero_points_are_written_once_and_read_by_all(tiny_content: bytes) -> None:
    one, three = with_zero_points(tiny_content, 1), with_zero_points(tiny_content, 3)
    assert len(one) > len(tiny_content) + 8000
    assert len(three) < len(one) + 200
    for tensor in TFLiteGraph(three).main.tensors[:3]:
        np.testing.assert_array_equal(tensor.quantization.zeroPoint, np.zeros(1000, np.int64))


def test_arrays_that_differ_stay_apart(tiny_content: bytes) -> None:
    graph = TFLiteGraph(with_zero_points(tiny_content, 3))
    graph.main.tensors[1].quantization.zeroPoint = np.ones(1000, np.int64)
    graph.main.tensors[2].quantization.zeroPoint = np.zeros(999, np.int64)
    found = [tensor.quantization.zeroPoint for tensor in TFLiteGraph(graph.content()).main.tensors[:3]]
    assert [(len(points), int(points.sum())) for points in found] == [(1000, 0), (1000, 1000), (999, 0)]


def test_a_changed_answer_is_noticed(tiny_content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def spoil(graph: TFLiteGraph) -> None:
        stem = next(item for item in graph.operations() if item.name == "CONV_2D")
        graph.set_constant(stem.inputs[2], graph.constant(stem.inputs[2]) + np.float32(0.5))

    monkeypatch.setattr(compact, "_drop_names", spoil)
    with pytest.raises(ConversionError):
        compacted(bloated(tiny_content))


def test_other_bytes_are_refused() -> None:
    with pytest.raises(ModelFileError):
        compacted(b"PK\x03\x04 this is no model")


def behind_its_tables(content: bytes) -> bytes:
    """The file with its constants after the flatbuffer, as a quantiser writes large ones."""
    graph = TFLiteGraph(content)
    arrays = {
        place: bytes(item.data)
        for place, item in enumerate(graph.model.buffers)
        if item.data is not None and len(item.data)
    }
    start = 16  # any place gives tables of the same length
    for _ in range(2):
        end = start
        for place, data in arrays.items():
            buffer = graph.model.buffers[place]
            buffer.data, buffer.offset, buffer.size = None, end, len(data)
            end += len(data)
        tables = graph.content()
        start = len(tables)
    return tables + b"".join(arrays.values())


def test_constants_behind_the_tables_are_written_as_arrays(tiny_content: bytes) -> None:
    outside = behind_its_tables(tiny_content)
    graph = TFLiteGraph(outside)
    kept = [item.data for item in graph.model.buffers if item.data is not None]
    assert kept
    assert all(isinstance(data, np.ndarray) for data in kept)
    assert graph.content() == TFLiteGraph(tiny_content).content()
    assert compacted(outside) == compacted(tiny_content)
