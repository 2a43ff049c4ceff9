"""The integers that a pass chose are those in the converted files, TFLite's and Core ML's alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack_converters import testing
from fieldpack_converters.opened_source import Array
from fieldpack_converters.passes.grid import grid_of
from fieldpack_converters.passes.runner import apply
from fieldpack_converters.passes.weighted_layers import matrix, places, weighted_layers
from fieldpack_converters.quantize_tflite import quantize
from fieldpack_converters.source import open_source
from fieldpack_converters.tflite_graph import TFLiteGraph
from fieldpack_converters.to_coreml import export as export_coreml
from fieldpack_converters.to_tflite import export as export_tflite

pytestmark = pytest.mark.full

_CHANNELS_FIRST = {"CONV_2D": (0, 3, 1, 2), "DEPTHWISE_CONV_2D": (3, 0, 1, 2), "FULLY_CONNECTED": (0, 1)}


def torch_source(folder: str) -> dict[str, Any]:
    path = testing.make_torch(folder)["net.pt"]
    factory = "fieldpack_converters.testing:torch_network"
    return {"kind": "torch", "path": path, "factory": factory, "input_shapes": [[1, 3, 12, 12]]}


def keras_source(folder: str) -> dict[str, Any]:
    return {"kind": "keras", "path": testing.make_keras(folder)["net.keras"]}


def found(maker: str, folder: str) -> dict[str, tuple[list[Array], list[Array]]]:
    """For each file the chosen and the stored steps [O, K] of the layers with that many bits."""
    source = {"torch": torch_source, "keras": keras_source}[maker](folder)
    shape = (64, 3, 12, 12) if maker == "torch" else (64, 12, 12, 3)
    np.save(Path(folder) / "x.npy", np.random.default_rng(0).random(shape, np.float32))
    answer = {}
    for name, bits, block in (("eight", 8, None), ("four", 4, None), ("blocks", 4, 4)):
        rounded = _rounded(source, folder, bits, block)
        chosen = _chosen(rounded, bits, block)
        if block is None:
            answer[f"{name} tflite"] = (chosen, _in_tflite(rounded["source"], folder, bits))
        if block is not None or bits == 8:
            answer[f"{name} coreml"] = (chosen, _in_coreml(rounded["source"], folder, bits, block))
    return answer


def _rounded(source: dict[str, Any], folder: str, bits: int, block: int | None) -> dict[str, Any]:
    step = {"method": "round", "layers": ".*", "bits": bits, "block_size": block, "iterations": 20}
    words = {"inputs": {"0": str(Path(folder) / "x.npy")}, "labels": None}
    return apply(source, [step], str(Path(folder) / f"{bits}{block}"), "softmax", 0, calibration=words)


def _chosen(rounded: dict[str, Any], bits: int, block: int | None) -> list[Array]:
    facts = rounded["steps"][0]["facts"]["layers"]
    layers = [layer for layer in weighted_layers(open_source(rounded["source"])) if layer.name in facts]
    return [
        grid_of(matrix(layer), bits, None if block is None else block * places(layer)).nearest(matrix(layer))
        for layer in layers
        if facts[layer.name]["bits"] == bits
    ]


def _in_tflite(source: dict[str, Any], folder: str, bits: int) -> list[Array]:
    plain, small = (str(Path(folder) / name) for name in ("plain.tflite", "small.tflite"))
    export_tflite(source, plain)
    quantize(plain, small, f"dynamic_int{bits}")
    graph = TFLiteGraph.read(small)
    return [
        _matrix(graph.constant(item.inputs[1]).transpose(_CHANNELS_FIRST[item.name]))
        for item in graph.operations()
        if item.name in _CHANNELS_FIRST and graph.dtype(item.inputs[1]) == f"int{bits}"
    ]


def _in_coreml(source: dict[str, Any], folder: str, bits: int, block: int | None) -> list[Array]:
    import coremltools as ct

    path = str(Path(folder) / f"{bits}.mlpackage")
    weights = {"method": f"weight_int{bits}", "block_size": block}
    export_coreml(source, [{"name": "c", "path": path, "minimum_ios": "18", "weights": weights}])
    model = ct.models.MLModel(path, skip_model_load=True)
    program = ct.converters.mil.frontend.milproto.load.load(
        model.get_spec(), model.get_spec().specificationVersion, file_weights_dir=model.weights_dir
    )
    return [
        _matrix(item.data.val)
        for item in program.functions["main"].operations
        if item.op_type == "constexpr_blockwise_shift_scale"
    ]


def _matrix(steps: Array) -> Array:
    return np.asarray(steps.reshape(steps.shape[0], -1), np.int8)


@pytest.mark.parametrize("maker", ["torch", "keras"])
def test_both_files_hold_the_chosen_integers(maker: str, tmp_path: Path) -> None:
    with testing.one_process() as pool:
        answer = pool.submit(found, maker, str(tmp_path)).result()
    counts = {"eight tflite": 3, "eight coreml": 3, "four tflite": 2, "blocks coreml": 1}
    assert {name: len(chosen) for name, (chosen, _) in answer.items()} == counts
    for name, (chosen, stored) in answer.items():
        assert len(stored) == len(chosen), name
        for one, other in zip(chosen, stored, strict=True):
            np.testing.assert_array_equal(one, other, err_msg=name)
