"""The activation ranges of a quantisation-aware training, found again in a TFLite file.

No name of a framework's layer is sure to be in a file, so tensors are known by what they hold for one
example: the training leaves a fingerprint beside each range, and the file is run on the same example. A
later pass that changes what a tensor holds, changes its fingerprint: its range is then not taken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from fieldpack.errors import ConversionError
from fieldpack_converters.calibrator import Ranges, activation_tensors
from fieldpack_converters.opened_source import Array
from fieldpack_converters.tflite_graph import TFLiteGraph
from fieldpack_converters.tflite_interpreter import PlainInterpreter, samples

LIKENESS = 1e-3
"""Largest difference of two fingerprints of one tensor, as a share of its values' width."""


def fingerprint(values: Array) -> list[float]:
    """Count, mean, standard deviation, smallest and largest value of a tensor, in any order of its axes."""
    exact = np.asarray(values, np.float64)
    return [
        float(exact.size),
        *(float(part) for part in (exact.mean(), exact.std(), exact.min(), exact.max())),
    ]


def found_ranges(
    content: bytes, arrays: list[Array], trained: Sequence[Mapping[str, Sequence[float]]]
) -> Ranges:
    """Ranges by tensor name, of the tensors that hold what the training saw.

    Parameters
    ----------
    content : bytes
        The float32 TFLite file.
    arrays : list of ndarray
        One [N, ...] array per input; the first example is the one of the fingerprints.
    trained : sequence of mapping
        ``ends`` [low, high] and ``fingerprint``, from the facts of ``quantisation_aware``.

    Raises
    ------
    ConversionError
        No tensor does.
    """
    graph, engine = TFLiteGraph(content), PlainInterpreter(content, keep_all=True)
    engine.invoke(next(samples(arrays)))
    found: Ranges = {}
    for tensor in activation_tensors(graph):
        ends = _ends_of(fingerprint(engine.tensor(tensor)), trained)
        if ends is not None:
            found[graph.name(tensor)] = ends
    if not found:
        raise ConversionError(
            "No tensor of the file holds what the quantisation-aware training saw.",
            came=f"{len(trained)} ranges of the training",
            hint='put quantisation_aware last in the recipe, or write ranges = { kind = "min_max" }',
        )
    return found


def _ends_of(
    print_: list[float], trained: Sequence[Mapping[str, Sequence[float]]]
) -> tuple[float, float] | None:
    """The range with the nearest fingerprint, if it is near enough; one without width says nothing."""
    width = max(print_[4] - print_[3], 1e-9)
    nearest: tuple[float, tuple[float, float]] | None = None
    for item in trained:
        count, *parts = item["fingerprint"]
        low, high = item["ends"]
        apart = float(np.abs(np.subtract(parts, print_[1:])).max()) / width
        closer = nearest is None or apart < nearest[0]
        if count == print_[0] and low < high and apart <= LIKENESS and closer:
            nearest = apart, (low, high)
    return None if nearest is None else nearest[1]
