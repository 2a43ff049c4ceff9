"""Ranges of a training, found again by what the tensors of a file hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fieldpack.errors import ConversionError
from fieldpack_converters.calibrator import activation_tensors
from fieldpack_converters.opened_source import Array
from fieldpack_converters.quantize_tflite import quantize
from fieldpack_converters.tflite_graph import TFLiteGraph
from fieldpack_converters.tflite_interpreter import PlainInterpreter
from fieldpack_converters.trained_ranges import fingerprint, found_ranges

TENSORS = ["image", "stem", "deep", "point"]


@pytest.fixture
def trained(tiny_content: bytes, tiny_samples: Array) -> list[dict[str, list[float]]]:
    """What a training would have left of four tensors; ranges that no calibration gives."""
    engine, graph = PlainInterpreter(tiny_content, keep_all=True), TFLiteGraph(tiny_content)
    engine.invoke([tiny_samples[:1]])
    held = {graph.name(tensor): engine.tensor(tensor) for tensor in activation_tensors(graph)}
    return [
        {"ends": [-3.0 - place, 7.0 + place], "fingerprint": fingerprint(held[name].transpose())}
        for place, name in enumerate(TENSORS)
    ]


def test_tensors_take_the_range_of_their_fingerprint(
    tiny_content: bytes, tiny_samples: Array, trained: Any
) -> None:
    found = found_ranges(tiny_content, [tiny_samples], trained)
    assert found == {name: (-3.0 - place, 7.0 + place) for place, name in enumerate(TENSORS)}


def test_another_example_or_a_changed_tensor_takes_none(
    tiny_content: bytes, tiny_samples: Array, trained: Any
) -> None:
    with pytest.raises(ConversionError, match="quantisation_aware last"):
        found_ranges(tiny_content, [tiny_samples[5:]], trained)
    count, mean, *others = trained[1]["fingerprint"]
    width = others[2] - others[1]
    for moved, taken in ((0.5e-3, True), (2e-3, False)):
        trained[1]["fingerprint"] = [count, mean + moved * width, *others]
        assert ("stem" in found_ranges(tiny_content, [tiny_samples], trained)) == taken
    trained[2]["ends"] = [0.0, 0.0]
    trained[3]["fingerprint"][0] += 1
    assert list(found_ranges(tiny_content, [tiny_samples], trained)) == ["image"]


def test_the_file_has_the_scales_of_the_training(
    tiny_files: tuple[str, dict[str, str]], tmp_path: Path, trained: Any
) -> None:
    path = tmp_path / "small.tflite"
    answer = quantize(
        tiny_files[0], str(path), "static_int8", tiny_files[1], trained=trained, keep_names=True
    )
    assert answer["trained_ranges"] == 4
    graph = TFLiteGraph.read(path)
    scales = {
        graph.name(tensor).partition("_quantized")[0]: graph.main.tensors[tensor].quantization.scale
        for tensor in range(len(graph.main.tensors))
        if graph.dtype(tensor) == "int8" and not graph.is_constant(tensor)
    }
    for place, name in enumerate(TENSORS[1:], start=1):
        assert scales[name][0] == pytest.approx((10 + 2 * place) / 255, rel=1e-5)
