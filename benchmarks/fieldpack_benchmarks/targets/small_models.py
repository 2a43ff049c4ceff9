"""Networks of a few thousand weights, written without a framework: what tests runners, transports and counts.

``self_test_model`` is pushed beside every runner; its answer is the same on every processor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fieldpack.testing import dense_tflite
from fieldpack.tflite.editing import TfliteEditor

if TYPE_CHECKING:
    from numpy.typing import NDArray

SELF_TEST_INPUT = (1.0, 2.0, 3.0, 4.0)
SELF_TEST_ANSWER = (31.0, 12.0, -1.0)
SIDE, CHANNELS, CLASSES = 32, 3, 10
IN_SCALE, INNER_SCALE, OUT_SCALE = 0.02, 0.05, 0.2
SEED = 7


def self_test_model() -> bytes:
    """A dense layer of small whole numbers: ``SELF_TEST_INPUT`` gives ``SELF_TEST_ANSWER`` exactly."""
    weights = np.array([[1, 2, 3, 4], [-1, 0, 1, 2], [2, -2, 2, -2]], np.float32)
    return dense_tflite("given", (1, 4), weights, np.array([1, 2, 3], np.float32), "linear")


def small_network(
    *, quantised: bool, width: int = 16, softmax: bool = False, wider: int | None = None, seed: int = SEED
) -> bytes:
    """Convolution, depthwise convolution, pointwise convolution and a dense layer.

    Parameters
    ----------
    quantised : bool
        int8 throughout, weights per tensor; else float32.
    width : int
        Channels of the layers.
    softmax : bool
        A softmax at the end, which XNNPACK leaves to the builtin kernels in int8.
    wider : int, optional
        Channels of the pointwise convolution alone; twice the width by default.
    seed : int
        Of the weights.

    Returns
    -------
    bytes
        A ``.tflite`` file: input [1, 32, 32, 3], output [1, 10].
    """
    network = Layers(quantised, np.random.default_rng(seed))
    current = network.editor.tensor("picture", (1, SIDE, SIDE, CHANNELS), *network.form(IN_SCALE))
    given = current
    current = network.convolution(current, "CONV_2D", (width, 3, 3, CHANNELS), 2, IN_SCALE)
    current = network.convolution(current, "DEPTHWISE_CONV_2D", (1, 3, 3, width), 2, INNER_SCALE)
    current = network.convolution(current, "CONV_2D", (wider or 2 * width, 1, 1, width), 1, INNER_SCALE)
    current = network.dense(current, CLASSES)
    if softmax:
        current = network.softmax(current)
    network.editor.ends([given], [current])
    network.editor.signature("serving_default", {"picture": given}, {"scores": current})
    return network.editor.content()


def dense_network(*, seed: int = SEED) -> bytes:
    """One dense layer in int8, weights per tensor: input [1, 32, 32, 3], output [1, 10]."""
    network = Layers(True, np.random.default_rng(seed))
    given = network.editor.tensor("picture", (1, SIDE, SIDE, CHANNELS), *network.form(IN_SCALE))
    answer = network.dense(given, CLASSES)
    network.editor.ends([given], [answer])
    network.editor.signature("serving_default", {"picture": given}, {"scores": answer})
    return network.editor.content()


def small_input(*, quantised: bool, seed: int = SEED) -> NDArray[Any]:
    """An input of ``small_network``, [1, 32, 32, 3], int8 or float32."""
    drawn = np.random.default_rng(seed).uniform(-1, 1, (1, SIDE, SIDE, CHANNELS))
    return np.round(drawn / IN_SCALE).astype(np.int8) if quantised else drawn.astype(np.float32)


class Layers:
    """Layers of one element type, written one behind the other."""

    def __init__(self, quantised: bool, generator: np.random.Generator) -> None:
        self.editor, self.quantised, self._generator = TfliteEditor(), quantised, generator
        self._made = 0

    def form(self, scale: float) -> tuple[str, None, tuple[float, ...], tuple[int, ...]]:
        """Element type, no values and affine parameters of a tensor."""
        return ("int8", None, (scale,), (0,)) if self.quantised else ("float32", None, (), ())

    def convolution(
        self, given: int, name: str, shape: tuple[int, int, int, int], stride: int, scale: float
    ) -> int:
        """A convolution with a border of zeros and a rectifier."""
        depthwise = name.startswith("DEPTHWISE")
        channels = shape[3] if depthwise else shape[0]
        fan_in = shape[1] * shape[2] * (1 if depthwise else shape[3])
        side = self.editor.shape(given)[1] // stride
        answer = self._tensor((1, side, side, channels), INNER_SCALE)
        weights, bias = self._parameters(shape, channels, fan_in, scale)
        more: dict[str, Any] = {"depthMultiplier": 1} if depthwise else {}
        kind, version = "DepthwiseConv2DOptions" if depthwise else "Conv2DOptions", 3 if self.quantised else 1
        self.editor.operator(
            name, [given, weights, bias], [answer], version, kind, strideH=stride, strideW=stride,
            dilationHFactor=1, dilationWFactor=1, padding=0, fusedActivationFunction=1,
            **more,
        )  # fmt: skip
        return answer

    def sum(self, one: int, other: int) -> int:
        """Two tensors of one shape and scale, added."""
        answer = self._tensor(self.editor.shape(one), INNER_SCALE)
        version = 2 if self.quantised else 1
        self.editor.operator("ADD", [one, other], [answer], version, "AddOptions", fusedActivationFunction=0)
        return answer

    def dense(self, given: int, classes: int, scale: float = INNER_SCALE) -> int:
        """A dense layer on all values, which have that scale in int8."""
        size = int(np.prod(self.editor.shape(given)))
        answer = self._tensor((1, classes), OUT_SCALE)
        weights, bias = self._parameters((classes, size), classes, size, scale)
        version = 4 if self.quantised else 1
        self.editor.operator(
            "FULLY_CONNECTED", [given, weights, bias], [answer], version, "FullyConnectedOptions"
        )
        return answer

    def softmax(self, given: int) -> int:
        """Probabilities; in int8 as the specification fixes them, scale 1/256 from -128."""
        form = ("int8", None, (1 / 256,), (-128,)) if self.quantised else ("float32", None, (), ())
        answer = self.editor.tensor("probabilities", self.editor.shape(given), *form)
        version = 2 if self.quantised else 1
        self.editor.operator("SOFTMAX", [given], [answer], version, "SoftmaxOptions", beta=1)
        return answer

    def _tensor(self, shape: tuple[int, ...], scale: float) -> int:
        self._made += 1
        return self.editor.tensor(f"layer_{self._made}", shape, *self.form(scale))

    def _parameters(
        self, shape: tuple[int, ...], channels: int, fan_in: int, scale: float
    ) -> tuple[int, int]:
        weights = self._generator.normal(0, (2 / fan_in) ** 0.5, shape)
        bias = self._generator.normal(0, 0.1, channels)
        name = f"weights_{self._made}"
        if not self.quantised:
            return (
                self.editor.tensor(name, shape, values=weights.astype(np.float32)),
                self.editor.tensor(f"{name}_bias", (channels,), values=bias.astype(np.float32)),
            )
        step = float(np.abs(weights).max() / 127)
        stored = np.round(weights / step).astype(np.int8)
        whole = np.round(bias / (step * scale)).astype(np.int32)
        return (
            self.editor.tensor(name, shape, "int8", stored, (step,), (0,)),
            self.editor.tensor(f"{name}_bias", (channels,), "int32", whole, (step * scale,), (0,)),
        )
