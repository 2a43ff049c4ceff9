"""A neural network under construction: blobs by name, each with its shape."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fieldpack.coreml import schema
from fieldpack.coreml.neural.schema import message
from fieldpack.coreml.neural.writing.stored import Stored, put_weights

SPECIFICATION = 4
"""Version that iOS 13 reads, the first whose blobs have any rank."""
ARRAY_TYPES = {"float32": 65568, "float64": 65600}
COLORS = {"RGB": 20, "BGR": 30}


@dataclass(frozen=True, slots=True)
class Blob:
    """A tensor of the network."""

    name: str
    shape: tuple[int, ...]

    @property
    def rank(self) -> int:
        """Number of axes."""
        return len(self.shape)


class NetworkWriter:
    """Collects the layers of one model and writes it as ``.mlmodel``."""

    def __init__(self) -> None:
        self.model = schema.message("Model")
        self.model.specificationVersion = SPECIFICATION
        self.network = message("NeuralNetwork")
        self.network.arrayInputShapeMapping = self.network.imageInputShapeMapping = 1
        self._count = 0

    def image(self, name: str, height: int, width: int, color: str) -> Blob:
        """Declare a picture input; its blob is ``[1, 3, height, width]``, 0..255."""
        picture = self.model.description.input.add(name=name).type.imageType
        picture.height, picture.width, picture.colorSpace = height, width, COLORS[color]
        return Blob(name, (1, 3, height, width))

    def array(self, name: str, shape: Sequence[int], dtype: str = "float32") -> Blob:
        """Declare an array input."""
        array = self.model.description.input.add(name=name).type.multiArrayType
        array.shape.extend(shape)
        array.dataType = ARRAY_TYPES[dtype]
        return Blob(name, tuple(shape))

    def result(self, blob: Blob, name: str) -> None:
        """Declare a blob as a Float32 output under a name."""
        self.layer("activation", [blob], blob.shape, name=name).linear.alpha = 1.0
        array = self.model.description.output.add(name=name).type.multiArrayType
        array.shape.extend(blob.shape)
        array.dataType = ARRAY_TYPES["float32"]

    def layer(
        self, kind: str, inputs: Sequence[Blob], shape: Sequence[int], name: str = "", **scalars: Any
    ) -> Any:
        """Add a layer; gives the message of its parameters. Its blob is ``last``."""
        self._count += 1
        self.last = Blob(name or f"{kind}_{self._count}", tuple(shape))
        entry = self.network.layers.add(name=self.last.name)
        entry.input.extend(blob.name for blob in inputs)
        entry.output.append(self.last.name)
        for blob in inputs:
            entry.inputTensor.add(rank=blob.rank).dimValue.extend(blob.shape)
        entry.outputTensor.add(rank=len(self.last.shape)).dimValue.extend(self.last.shape)
        params = getattr(entry, kind)
        params.SetInParent()
        for key, value in scalars.items():
            if isinstance(value, list | tuple):
                getattr(params, key).extend(value)
            else:
                setattr(params, key, value)
        return params

    def apply(self, kind: str, inputs: Sequence[Blob], shape: Sequence[int], **scalars: Any) -> Blob:
        """Add a layer that has no more parameters; gives its blob."""
        self.layer(kind, inputs, shape, **scalars)
        return self.last

    def activation(self, kind: str, blob: Blob, **numbers: float) -> Blob:
        """Add one of the activation functions."""
        chosen = getattr(self.layer("activation", [blob], blob.shape), kind)
        chosen.SetInParent()
        for key, value in numbers.items():
            setattr(chosen, key, value)
        return self.last

    def reshape(self, blob: Blob, shape: Sequence[int]) -> Blob:
        """Another shape of as many elements; none where it has that shape."""
        if blob.shape == tuple(shape):
            return blob
        return self.apply("reshapeStatic", [blob], shape, targetShape=list(shape))

    def transpose(self, blob: Blob, axes: Sequence[int]) -> Blob:
        """The axes in another order."""
        return self.apply("transpose", [blob], [blob.shape[axis] for axis in axes], axes=list(axes))

    def constant(self, stored: Stored) -> Blob:
        """A constant as a blob; a scalar gets one axis."""
        shape = stored.array.shape or (1,)
        params = self.layer("loadConstantND", [], shape)
        params.shape.extend(shape)
        put_weights(params.data, stored, reshaped=True)
        return self.last

    def combine(self, kind: str, one: Blob, other: Blob) -> Blob:
        """A layer that stretches two blobs over each other."""
        shape = np.broadcast_shapes(one.shape, other.shape)
        return self.apply(kind, [one, other], shape)

    def is_bgr(self, name: str) -> bool:
        """Whether a picture input has its channels from blue to red."""
        images = {item.name: item.type.imageType for item in self.model.description.input}
        return bool(images[name].colorSpace == COLORS["BGR"])

    def prune(self) -> None:
        """Leave out layers that no output needs."""
        needed = {item.name for item in self.model.description.output}
        kept = []
        for entry in reversed(self.network.layers):
            if needed & set(entry.output):
                needed |= set(entry.input)
                kept.append(entry)
        if len(kept) < len(self.network.layers):
            layers = [entry.SerializeToString() for entry in reversed(kept)]
            del self.network.layers[:]
            for data in layers:
                self.network.layers.add().MergeFromString(data)

    def content(self) -> bytes:
        """The file; the same layers give the same bytes."""
        self.model.neuralNetwork = self.network.SerializeToString(deterministic=True)
        data: bytes = self.model.SerializeToString(deterministic=True)
        return data


def elements(shape: Sequence[int]) -> int:
    """Number of elements of a shape."""
    return math.prod(shape)
