"""Ranges of every activation of a float32 TFLite file, over calibration samples.

Runs the file itself (not the source model), one sample at a time with all intermediate tensors
kept, and hands ai-edge-quantizer the finished ranges in the form that its own calibrator would.
Memory is bounded by one sample and one histogram per tensor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from fieldpack.errors import ConversionError, InputError
from fieldpack_converters.opened_source import Array
from fieldpack_converters.ranges import Extent, Histogram, RangeChoice, RangeKind
from fieldpack_converters.tflite_graph import TFLiteGraph
from fieldpack_converters.tflite_interpreter import PlainInterpreter, samples

Ranges = dict[str, tuple[float, float]]
Report = Callable[[str, float], None]

_NARROWEST = 4096.0
_ELEMENTWISE: dict[str, Callable[[Array, Array], Array]] = {
    "ADD": np.add,
    "SUB": np.subtract,
    "MUL": np.multiply,
}


def calibration_arrays(graph: TFLiteGraph, paths: dict[str, str]) -> list[Array]:
    """One memory-mapped [N, ...] array per input, found by tensor name, signature name or index.

    Raises
    ------
    InputError
        If an input has no array, or shapes or lengths do not fit.
    """
    arrays = []
    for index, tensor in enumerate(graph.inputs):
        name = graph.name(tensor)
        known = (name, graph.signature_names.get(tensor, name), str(index))
        path = next((paths[key] for key in known if key in paths), None)
        if path is None:
            raise InputError(
                f"There are no calibration samples for input {name}.", came=", ".join(paths) or "nothing"
            )
        array = np.load(path, mmap_mode="r", allow_pickle=False)
        if array.shape[1:] != graph.shape(tensor)[1:] or array.shape[0] == 0:
            raise InputError(
                f"The calibration samples of input {name} do not fit.",
                came=array.shape,
                allowed=f"[N, {', '.join(str(size) for size in graph.shape(tensor)[1:])}] with N > 0",
            )
        arrays.append(array)
    if len({array.shape[0] for array in arrays}) != 1:
        raise InputError("The calibration inputs have different numbers of samples.")
    return arrays


def activation_tensors(graph: TFLiteGraph) -> list[int]:
    """The float tensors that are computed or fed, in order of first use."""
    found: dict[int, None] = dict.fromkeys(graph.inputs)
    for operation in graph.operations():
        found.update(dict.fromkeys(operation.outputs))
    return [tensor for tensor in found if graph.dtype(tensor) == "float32" and not graph.is_constant(tensor)]


def calibrated_ranges(
    content: bytes,
    arrays: list[Array],
    choice: RangeChoice,
    known: Ranges | None = None,
    report: Report | None = None,
) -> Ranges:
    """The range [low, high] of every activation tensor, by tensor name.

    Parameters
    ----------
    content : bytes
        The float32 TFLite file.
    arrays : list of ndarray
        One [N, ...] array per input.
    known : dict, optional
        Ranges known beforehand (pixels: 0..255), which replace the measured ones.
    """
    graph = TFLiteGraph(content)
    engine = PlainInterpreter(content, keep_all=True)
    tensors = activation_tensors(graph)
    extents = {tensor: Extent() for tensor in tensors}
    for _ in _passes(engine, arrays, report, "calibrate: minimum and maximum"):
        for tensor, extent in extents.items():
            extent.add(engine.tensor(tensor))
    unseen = [graph.name(tensor) for tensor, extent in extents.items() if not extent.known]
    if unseen:
        raise ConversionError(
            "The calibration samples give no finite value in some tensors.", came=", ".join(unseen[:5])
        )
    ranges = {tensor: (extent.low, extent.high) for tensor, extent in extents.items()}
    if choice.kind is not RangeKind.MIN_MAX:
        ranges = _narrowed(engine, arrays, ranges, choice, report)
    named = {graph.name(tensor): ends for tensor, ends in with_floors(graph, ranges).items()}
    return {**named, **with_consequences(graph, _checked_known(known or {}, named))}


def with_consequences(graph: TFLiteGraph, known: Ranges) -> Ranges:
    """Known ranges, and those that follow from them through a constant scale and offset.

    Pixels of 0..255 times 1/127.5 minus 1 lie in -1..1, whatever the samples were; so a folded
    scaling loses nothing in int8.
    """
    ends: dict[int, tuple[Array, Array]] = {
        tensor: (np.asarray(known[graph.name(tensor)][0]), np.asarray(known[graph.name(tensor)][1]))
        for tensor in graph.inputs
        if graph.name(tensor) in known
    }
    found = dict(known)
    for operation in graph.operations():
        source, *others = operation.inputs
        if operation.name not in _ELEMENTWISE or source not in ends or not graph.is_constant(others[0]):
            continue
        factor = graph.real(others[0])
        both = [_ELEMENTWISE[operation.name](end, factor) for end in ends[source]]
        low, high = np.minimum(*both), np.maximum(*both)
        options = graph.main.operators[operation.index].builtinOptions
        if getattr(options, "fusedActivationFunction", 0) == 0:
            ends[operation.outputs[0]] = (low, high)
            found[graph.name(operation.outputs[0])] = (float(low.min()), float(high.max()))
    return found


def with_floors(graph: TFLiteGraph, ranges: dict[int, tuple[float, float]]) -> dict[int, tuple[float, float]]:
    """Widen ranges too narrow beside their operator's inputs, in execution order.

    A tensor that is zero on every sample (a ReLU that never opens) would get a scale so small that
    LiteRT's kernels abort the process: they need output steps of more than 2^-19 input steps.
    """
    widened = dict(ranges)
    for operation in graph.operations():
        widths = [_width(graph, tensor, widened, operation.name) for tensor in operation.inputs]
        floor = max(widths, default=0.0) / _NARROWEST
        for tensor in operation.outputs:
            if tensor in widened and widened[tensor][1] - widened[tensor][0] < floor:
                low = widened[tensor][0]
                widened[tensor] = (low, low + floor)
    return widened


def _width(graph: TFLiteGraph, tensor: int, ranges: dict[int, tuple[float, float]], operator: str) -> float:
    if tensor in ranges:
        return max(ranges[tensor][1], 0.0) - min(ranges[tensor][0], 0.0)
    if tensor >= 0 and operator in _ELEMENTWISE and graph.is_constant(tensor):
        return float(np.abs(graph.real(tensor)).max(initial=0.0))
    return 0.0


def _narrowed(
    engine: PlainInterpreter,
    arrays: list[Array],
    extents: dict[int, tuple[float, float]],
    choice: RangeChoice,
    report: Report | None,
) -> dict[int, tuple[float, float]]:
    histograms = {tensor: Histogram(low, high) for tensor, (low, high) in extents.items()}
    for _ in _passes(engine, arrays, report, f"calibrate: {choice.kind.value}"):
        for tensor, histogram in histograms.items():
            histogram.add(engine.tensor(tensor))
    if choice.kind is RangeKind.PERCENTILE:
        return {tensor: item.percentile_range(choice.percentile) for tensor, item in histograms.items()}
    return {tensor: item.mse_range() for tensor, item in histograms.items()}


def _passes(
    engine: PlainInterpreter, arrays: list[Array], report: Report | None, stage: str
) -> Iterator[int]:
    """Invoke the engine on every sample; its tensors are readable between two steps."""
    count = arrays[0].shape[0]
    for number, sample in enumerate(samples(arrays)):
        if report is not None and number % 16 == 0:
            report(stage, number / count)
        engine.invoke(sample)
        yield number


def _checked_known(known: Ranges, named: Ranges) -> Ranges:
    unknown = [name for name in known if name not in named]
    if unknown:
        raise InputError(
            "A known range names a tensor that the model does not have.",
            came=", ".join(unknown),
            allowed=", ".join(list(named)[:8]),
        )
    return {name: (float(low), float(high)) for name, (low, high) in known.items()}


def as_quantizer_result(ranges: Ranges, ranks: dict[str, int]) -> dict[str, dict[str, Array]]:
    """The ranges as ai-edge-quantizer's calibration result: arrays of rank-many ones."""
    return {
        name: {
            "min": np.full((1,) * ranks[name], low, np.float32),
            "max": np.full((1,) * ranks[name], high, np.float32),
        }
        for name, (low, high) in ranges.items()
    }
