"""A graph of plain operations with static shapes.

Shapes leave out the batch axis. Each operation is one that TFLite, Core ML, PyTorch and Keras have; what is
constant is held in float64 and rounded by whoever runs the graph.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Constant = NDArray[np.float64]
Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation.

    Attributes
    ----------
    name : str
        A key of ``in_numpy.RUN`` and of the other two.
    inputs : tuple of int
        Places of its inputs in ``Graph.operations``.
    shape : tuple of int
        Of its output, without the batch axis.
    settings : dict
        What the runner needs besides: axes, sizes, numbers, constants.
    """

    name: str
    inputs: tuple[int, ...]
    shape: Shape
    settings: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor in a graph that is being made."""

    place: int
    shape: Shape


@dataclass(slots=True)
class Graph:
    """Operations in order; the first is the input, the last one's output is the graph's.

    Attributes
    ----------
    operations : list of Operation
        An operation takes only what stands before it.
    """

    operations: list[Operation] = field(default_factory=list)

    @property
    def constant_bytes(self) -> int:
        """Bytes of all constants in float32."""
        constants = [item for one in self.operations for item in one.settings.values()]
        return sum(4 * item.size for item in constants if isinstance(item, np.ndarray))

    def add(self, name: str, shape: Sequence[int], *inputs: Value, **settings: Any) -> Value:
        """Append an operation whose output has `shape`."""
        places = tuple(value.place for value in inputs)
        self.operations.append(Operation(name, places, tuple(map(int, shape)), settings))
        return Value(len(self.operations) - 1, tuple(map(int, shape)))

    def input(self, *shape: int) -> Value:
        """The graph's input."""
        return self.add("input", shape)

    def reshape(self, value: Value, *shape: int) -> Value:
        """Same numbers, another shape."""
        return self.add("reshape", shape, value)

    def transpose(self, value: Value, *axes: int) -> Value:
        """Axes in another order, counted without the batch axis."""
        return self.add("transpose", [value.shape[axis] for axis in axes], value, axes=axes)

    def pad(self, value: Value, before: int, after: int, mode: str) -> Value:
        """Lengthen the first axis by zeros (``constant``) or by mirroring (``reflect``)."""
        first, *rest = value.shape
        return self.add("pad", (first + before + after, *rest), value, before=before, after=after, mode=mode)

    def part(self, value: Value, axis: int, start: int, stop: int, step: int = 1) -> Value:
        """``value[start:stop:step]`` on one axis; `start` and `stop` count from its beginning."""
        shape = list(value.shape)
        if (start, stop, step) == (0, shape[axis], 1):
            return value
        shape[axis] = len(range(start, stop, step))
        return self.add("part", shape, value, axis=axis, start=start, stop=stop, step=step)

    def concatenate(self, values: Sequence[Value], axis: int) -> Value:
        """Values one after another on an axis."""
        if len(values) == 1:
            return values[0]
        shape = list(values[0].shape)
        shape[axis] = sum(value.shape[axis] for value in values)
        return self.add("concatenate", shape, *values, axis=axis)

    def reverse(self, value: Value) -> Value:
        """The last axis from its end to its beginning."""
        return self.add("reverse", value.shape, value)

    def pick(self, value: Value, places: NDArray[np.int64]) -> Value:
        """Columns of the last axis, in this order."""
        if np.array_equal(places, np.arange(value.shape[-1])):
            return value
        listed = tuple(int(place) for place in places)
        return self.add("pick", (*value.shape[:-1], len(listed)), value, places=listed)

    def matmul(self, value: Value, matrix: Constant) -> Value:
        """The last axis, of length k, times a constant [k, m]."""
        return self.add("matmul", (*value.shape[:-1], matrix.shape[1]), value, matrix=matrix)

    def convolve(self, value: Value, kernel: Constant, hop: int) -> Value:
        """A sound [n] with a constant [k, m] at each `hop`-th sample: [frames, m]; no padding."""
        frames = (value.shape[0] - kernel.shape[0]) // hop + 1
        return self.add("convolve", (frames, kernel.shape[1]), value, kernel=kernel, hop=hop)

    def real_fft(self, value: Value) -> tuple[Value, Value]:
        """Real and imaginary part of the transform of the last axis."""
        shape = (*value.shape[:-1], value.shape[-1] // 2 + 1)
        return self.add("real_of_fft", shape, value), self.add("imaginary_of_fft", shape, value)

    def plus(self, one: Value, other: Value) -> Value:
        """Sum of two values that broadcast as numpy's do."""
        return self.add("plus", np.broadcast_shapes(one.shape, other.shape), one, other)

    def minus(self, one: Value, other: Value) -> Value:
        """Difference of two values."""
        return self.add("minus", np.broadcast_shapes(one.shape, other.shape), one, other)

    def over(self, one: Value, other: Value) -> Value:
        """Quotient of two values."""
        return self.add("over", np.broadcast_shapes(one.shape, other.shape), one, other)

    def scaled(self, value: Value, factor: Constant | float) -> Value:
        """``value * factor``; an array broadcasts against the last axes."""
        return self.add("scaled", value.shape, value, factor=np.asarray(factor, np.float64))

    def shifted(self, value: Value, offset: Constant | float) -> Value:
        """``value + offset``; an array broadcasts against the last axes."""
        return self.add("shifted", value.shape, value, offset=np.asarray(offset, np.float64))

    def squared(self, value: Value) -> Value:
        """Its square."""
        return self.add("squared", value.shape, value)

    def root(self, value: Value) -> Value:
        """Its square root."""
        return self.add("root", value.shape, value)

    def magnitude(self, value: Value) -> Value:
        """Its absolute value."""
        return self.add("magnitude", value.shape, value)

    def logarithm(self, value: Value) -> Value:
        """Its natural logarithm."""
        return self.add("logarithm", value.shape, value)

    def power(self, value: Value, exponent: float) -> Value:
        """``value ** exponent`` of what is not negative."""
        return self.add("power", value.shape, value, exponent=exponent)

    def at_least(self, value: Value, floor: float) -> Value:
        """The larger of the value and a number."""
        return self.add("at_least", value.shape, value, floor=floor)

    def larger(self, one: Value, other: Value) -> Value:
        """The larger of two values."""
        return self.add("larger", np.broadcast_shapes(one.shape, other.shape), one, other)

    def smaller(self, one: Value, other: Value) -> Value:
        """The smaller of two values."""
        return self.add("smaller", np.broadcast_shapes(one.shape, other.shape), one, other)

    def floor(self, value: Value) -> Value:
        """The largest whole number that is not above it."""
        return self.add("floor", value.shape, value)

    def sine(self, value: Value) -> Value:
        """Its sine, of radians."""
        return self.add("sine", value.shape, value)

    def reduced(self, value: Value, how: str) -> Value:
        """``max``, ``min`` or ``mean`` of all numbers, every axis kept with length 1."""
        return self.add(how, (1,) * len(value.shape), value)
