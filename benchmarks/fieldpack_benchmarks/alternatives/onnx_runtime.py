"""Worker target: onnxruntime's static int8 (QDQ) with its defaults, and with one scale a channel of weights.

A PyTorch model is written by ``torch.onnx.export``. No converter from Keras to ONNX is at hand; a Keras
model comes as its Core ML package, which the fast engine of ``fieldpack.coreml`` translates to ONNX.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack_benchmarks.alternatives.torch_model import opened_module

Array = NDArray[Any]


def quantize(
    calibration: list[str],
    evaluation: list[str],
    made: list[dict[str, Any]],
    source: dict[str, Any],
    package: str,
) -> dict[str, Any]:
    """Write static int8 ONNX files, run them, and store their scores [N, C].

    Parameters
    ----------
    calibration, evaluation : list of str
        One ``.npy`` [N, ...] an input of the ONNX model.
    made : list of dict
        ``path`` (``.onnx``) and ``scores`` (``.npy``) to write, and whether ``per_channel``.
    source : dict
        The source model; PyTorch is exported, anything else comes from `package`.
    package : str
        Its float32 Core ML package.
    """
    from onnxruntime import quantization

    folder = Path(made[0]["path"]).parent
    floating, prepared = str(folder / "float.onnx"), str(folder / "prepared.onnx")
    if source["kind"] == "torch":
        _from_torch(source, floating)
    else:
        _from_package(package, floating)
    quantization.quant_pre_process(floating, prepared)
    names = [item.name for item in _session(prepared).get_inputs()]
    for one in made:
        reader = _reader(names, _arrays(calibration))
        quantization.quantize_static(prepared, one["path"], reader, per_channel=one["per_channel"])
        np.save(one["scores"], _run(_session(one["path"]), _arrays(evaluation)))
    return {}


def _from_torch(source: dict[str, Any], path: str) -> None:
    import torch

    module, example = opened_module(source)
    torch.onnx.export(module, (example,), path, dynamo=True, external_data=False, verbose=False)


def _from_package(package: str, path: str) -> None:
    from fieldpack.coreml.arithmetic import Precision
    from fieldpack.coreml.fast.translate import translate
    from fieldpack.coreml.package import open_package

    Path(path).write_bytes(translate(open_package(Path(package)), Precision.FP32).model)


def _arrays(paths: list[str]) -> list[Array]:
    return [np.load(path, mmap_mode="r") for path in paths]


def _session(path: str) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def _run(session: Any, arrays: list[Array]) -> Array:
    names = [item.name for item in session.get_inputs()]
    rows = [session.run(None, fed)[0] for fed in _examples(names, arrays)]
    return np.asarray(np.concatenate(rows), np.float32)


def _examples(names: list[str], arrays: list[Array]) -> list[dict[str, Array]]:
    return [
        {
            name: np.asarray(array[index : index + 1], np.float32)
            for name, array in zip(names, arrays, strict=True)
        }
        for index in range(len(arrays[0]))
    ]


def _reader(names: list[str], arrays: list[Array]) -> Any:
    from onnxruntime.quantization import CalibrationDataReader

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        """Gives every calibration example once."""

        def __init__(self) -> None:
            self._left = iter(_examples(names, arrays))

        def get_next(self) -> dict[str, Array] | None:
            return next(self._left, None)

    return Reader()
