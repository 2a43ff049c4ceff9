"""Worker target: ai-edge-quantizer with its static int8 recipe and its own calibrator."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np


def quantize(calibration: list[str], path: str, model: str) -> dict[str, Any]:
    """Write a static int8 TFLite file.

    Parameters
    ----------
    calibration : list of str
        One ``.npy`` [N, ...] an input of the float file, in the order of its inputs.
    path : str
        File to write.
    model : str
        The float TFLite file.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from ai_edge_litert.interpreter import Interpreter
    from ai_edge_quantizer import quantizer, recipe

    key, names = _signature(Interpreter(model_path=model))
    arrays = [np.load(name, mmap_mode="r") for name in calibration]
    engine = quantizer.Quantizer(model, recipe.static_wi8_ai8())
    ranges = engine.calibrate({key: list(_samples(names, arrays))}, num_threads=1)
    written = engine.quantize(ranges, enable_progress_report=False, enable_progress_bar=False)
    Path(path).write_bytes(bytes(written.quantized_model))
    return {"path": path}


def _signature(interpreter: Any) -> tuple[str, list[str]]:
    """Its first signature, and the signature's names of the inputs in the order of the file."""
    key, names = next(iter(interpreter.get_signature_list().items()))
    runner = interpreter.get_signature_runner(key)
    details = runner.get_input_details()
    order = [detail["index"] for detail in interpreter.get_input_details()]
    return key, sorted(names["inputs"], key=lambda name: order.index(details[name]["index"]))


def _samples(names: list[str], arrays: list[Any]) -> Iterator[dict[str, Any]]:
    for index in range(len(arrays[0])):
        yield {
            name: np.asarray(array[index : index + 1], np.float32)
            for name, array in zip(names, arrays, strict=True)
        }
