"""Run a TFLite file over arrays, sample by sample, on one thread, without delegates.

The converters check what they wrote with the plain kernels: slow, repeatable, and able to show
every intermediate tensor, which the calibrator needs.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from fieldpack.errors import ConversionError
from fieldpack_converters.opened_source import Array


class PlainInterpreter:
    """LiteRT's interpreter with plain kernels and batch-1 inputs by position.

    Parameters
    ----------
    content : bytes
        The file.
    keep_all : bool
        Keep every intermediate tensor readable (`tensor`).
    """

    def __init__(self, content: bytes, keep_all: bool = False) -> None:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "(?s).*experimental_preserve_all_tensors", UserWarning)
                self._engine: Any = Interpreter(
                    model_content=content,
                    num_threads=1,
                    experimental_preserve_all_tensors=keep_all,
                    experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
                )
                self._engine.allocate_tensors()
        except (RuntimeError, ValueError) as error:
            raise ConversionError(
                "The converted file does not load in LiteRT.", came=str(error).splitlines()[0]
            ) from error
        self.inputs = list(self._engine.get_input_details())
        self.outputs = list(self._engine.get_output_details())

    def invoke(self, sample: list[Array]) -> list[Array]:
        """Run one sample (real values [1, ...]); quantised borders are converted, outputs real."""
        for detail, values in zip(self.inputs, sample, strict=True):
            self._engine.set_tensor(detail["index"], stored(values, detail))
        self._engine.invoke()
        return [real(self._engine.get_tensor(detail["index"]), detail) for detail in self.outputs]

    def tensor(self, index: int) -> Array:
        """The stored values of any tensor after `invoke` (needs ``keep_all``)."""
        return np.asarray(self._engine.get_tensor(index))


def stored(values: Array, detail: dict[str, Any]) -> Array:
    """Real values in a border tensor's own dtype, rounded half away from zero as LiteRT does."""
    dtype = np.dtype(detail["dtype"])
    scale, point = detail["quantization"]
    if scale == 0 or dtype.kind == "f":
        return np.ascontiguousarray(values, dtype)
    limits = np.iinfo(dtype)
    steps = np.asarray(values, np.float64) / scale
    rounded = np.trunc(steps + np.copysign(0.5, steps)) + point
    return np.asarray(np.clip(rounded, limits.min, limits.max), dtype)


def real(values: Array, detail: dict[str, Any]) -> Array:
    """The inverse of `stored`."""
    scale, point = detail["quantization"]
    if scale == 0 or values.dtype.kind == "f":
        return np.array(values)
    return np.asarray((values.astype(np.float32) - point) * np.float32(scale))


def samples(arrays: list[Array], limit: int | None = None) -> Iterator[list[Array]]:
    """One [1, ...] array per input, sample after sample."""
    count = arrays[0].shape[0] if limit is None else min(limit, arrays[0].shape[0])
    for index in range(count):
        yield [np.asarray(array[index : index + 1]) for array in arrays]


def run_tflite(
    content: bytes, arrays: list[Array], report: Callable[[str, float], None] | None = None
) -> list[Array]:
    """All outputs over all samples, [N, ...] each, real values."""
    engine = PlainInterpreter(content)
    collected: list[list[Array]] = [[] for _ in engine.outputs]
    count = arrays[0].shape[0]
    for number, sample in enumerate(samples(arrays)):
        if report is not None and number % 32 == 0:
            report("run the TFLite file", number / count)
        for whole, values in zip(collected, engine.invoke(sample), strict=True):
            whole.append(values)
    return [np.concatenate(parts) for parts in collected]
