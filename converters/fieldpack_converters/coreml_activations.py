"""8-bit activations in a Core ML package, calibrated without Apple's runtime.

coremltools inserts the quantise and dequantise operations, but takes the ranges from ``predict``,
which exists on macOS only. Here the ranges come from Fieldpack's own interpreter and are handed over
through the private function that coremltools asks for them. Everything that depends on that private
function stands in this file, behind a check of the version.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from fieldpack.coreml.arithmetic import Precision
from fieldpack.coreml.interpreter import Interpreter
from fieldpack.coreml.package import Package, open_package
from fieldpack.errors import ConversionError, InputError, UnsupportedError
from fieldpack_converters.opened_source import Array
from fieldpack_converters.ranges import Extent, Histogram, RangeChoice, RangeKind
from fieldpack_converters.source import Report, silent

TESTED = "9."
"""The coremltools whose private function is known."""
NARROWEST = 255 * 2.0**-17
"""Smallest width of a range: below, the scale is a float16 with fewer than seven bits left."""
Ranges = dict[str, tuple[float, float]]


def with_int8_activations(model: Any, ranges: Ranges, kept: tuple[str, ...] = ()) -> Any:
    """The model with quantise and dequantise operations around what may run on integers.

    Parameters
    ----------
    model : coremltools MLModel
        An ML Program for iOS 17 or later, float16.
    ranges : dict
        Tensor name -> (low, high), from ``activation_ranges``.
    kept : tuple of str
        Names of operators that stay in floats.

    Raises
    ------
    UnsupportedError
        Another coremltools is installed than the one whose private function is known.
    """
    import coremltools.optimize.coreml as cto

    settings = cto.OpLinearQuantizerConfig(mode="linear", weight_threshold=0)
    config = cto.OptimizationConfig(settings, op_name_configs=dict.fromkeys(kept))
    with _ranges_handed_over({name: {"rmin": low, "rmax": high} for name, (low, high) in ranges.items()}):
        return cto.linear_quantize_activations(model, config, sample_data=[{}])


@contextmanager
def _ranges_handed_over(statistics: dict[str, dict[str, float]]) -> Iterator[None]:
    import coremltools
    from coremltools.optimize.coreml import _post_training_quantization as theirs

    name = "_get_activation_calibration_stats"
    if not coremltools.__version__.startswith(TESTED) or not hasattr(theirs, name):
        raise UnsupportedError(
            "8-bit activations of Core ML go through a private function of coremltools",
            came=f"coremltools {coremltools.__version__}",
            allowed=f"coremltools {TESTED}x",
            hint='pip install "coremltools>=9,<10"',
        )
    before = getattr(theirs, name)
    setattr(theirs, name, lambda model, data, group_size=-1: statistics)
    try:
        yield
    finally:
        setattr(theirs, name, before)


def activation_ranges(
    path: Path, calibration: dict[str, str], choice: RangeChoice, report: Report = silent
) -> Ranges:
    """The range of every float tensor of a package over the calibration samples.

    One sample is in memory at a time: a first pass takes minima and maxima, a second fills
    histograms where the choice needs them.

    Parameters
    ----------
    path : Path
        The float ``.mlpackage``.
    calibration : dict
        Position of the input (``"0"``) -> ``.npy`` ``[N, ...]`` as the package takes it.
    choice : RangeChoice
        As for TFLite.

    Raises
    ------
    InputError
        An input has no samples, or they do not fit.
    ConversionError
        A tensor has no finite value in any sample.
    """
    package = open_package(path)
    engine = Interpreter(package, Precision.FP32)
    arrays = _samples(package, calibration)

    def passes(stage: str) -> Iterator[dict[str, Array]]:
        for number in range(len(next(iter(arrays.values())))):
            report(stage, number / len(next(iter(arrays.values()))))
            feed = {name: np.array(array[number : number + 1]) for name, array in arrays.items()}
            yield {**feed, **engine.run_intermediates(feed)}

    extents = _collected(passes("calibrate: minimum and maximum"), lambda name: Extent())
    silent_ones = [name for name, extent in extents.items() if not extent.known]
    if silent_ones:
        raise ConversionError(
            "The calibration samples give no finite value in some tensors.",
            came=", ".join(silent_ones[:5]),
        )
    ranges = {name: (extent.low, extent.high) for name, extent in extents.items()}
    if choice.kind is not RangeKind.MIN_MAX:
        ranges = _narrowed(passes(f"calibrate: {choice.kind.value}"), ranges, choice)
    return {name: _widened(*ends) for name, ends in _shared_by_concats(package, ranges).items()}


def _samples(package: Package, calibration: dict[str, str]) -> dict[str, Array]:
    arrays: dict[str, Array] = {}
    for position, feature in enumerate(package.inputs):
        if str(position) not in calibration:
            raise InputError(f"There are no calibration samples for input {feature.name}.")
        array = np.load(calibration[str(position)], mmap_mode="r", allow_pickle=False)
        if len(array) == 0 or not feature.allows((1, *array.shape[1:])):
            raise InputError(
                f"The calibration samples of input {feature.name} do not fit.",
                came=array.shape,
                allowed=f"[N, ...] with N > 0 of {feature.admissible}",
            )
        arrays[feature.name] = array
    if len({len(array) for array in arrays.values()}) != 1:
        raise InputError("The calibration inputs have different numbers of samples.")
    return arrays


def _collected(passes: Iterator[dict[str, Array]], make: Callable[[str], Any]) -> dict[str, Any]:
    """One collector a float tensor, fed with every sample."""
    collectors: dict[str, Any] = {}
    for tensors in passes:
        for name, values in tensors.items():
            if values.dtype.kind == "f":
                if name not in collectors:
                    collectors[name] = make(name)
                collectors[name].add(values)
    return collectors


def _narrowed(passes: Iterator[dict[str, Array]], ranges: Ranges, choice: RangeChoice) -> Ranges:
    histograms = _collected(passes, lambda name: Histogram(*ranges[name]))
    if choice.kind is RangeKind.PERCENTILE:
        return {name: item.percentile_range(choice.percentile) for name, item in histograms.items()}
    return {name: item.mse_range() for name, item in histograms.items()}


def _shared_by_concats(package: Package, ranges: Ranges) -> Ranges:
    """One range for everything that meets in a concatenation, so that integers can be joined as they are."""
    groups: list[set[str]] = []
    for op in package.block.operations:
        if op.type != "concat":
            continue
        names = {str(binding.name) for binding in op.inputs["values"].arguments} & set(ranges)
        group = names | ({str(output.name) for output in op.outputs} & set(ranges))
        touching = [other for other in groups if other & group]
        groups = [other for other in groups if other not in touching] + [group.union(*touching)]
    shared = dict(ranges)
    for group in groups:
        ends = min(ranges[name][0] for name in group), max(ranges[name][1] for name in group)
        shared.update(dict.fromkeys(group, ends))
    return shared


def _widened(low: float, high: float) -> tuple[float, float]:
    """The range with zero inside and a width that a float16 scale can carry."""
    low, high = min(low, 0.0), max(high, 0.0)
    return (low, high) if high - low >= NARROWEST else (low, low + NARROWEST)
