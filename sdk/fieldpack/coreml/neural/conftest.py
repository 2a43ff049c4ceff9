"""Networks made by hand for the tests of this folder, without coremltools."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.coreml import schema
from fieldpack.coreml.arithmetic import Arithmetic, Precision
from fieldpack.coreml.neural.graph import make_graph
from fieldpack.coreml.neural.schema import message
from fieldpack.coreml.package import Package, open_package

ARRAY_TYPES = {"float32": 65568, "float64": 65600, "int32": 131104, "float16": 65552}
COLORS = {"GRAYSCALE": 10, "RGB": 20, "BGR": 30}


def put(params: Any, values: Any) -> None:
    """Store numbers in a ``WeightParams`` message as float32."""
    params.floatValue.append(np.asarray(values, np.float32).tobytes())


class Handmade:
    """A model under construction; ``network`` is its message, filled with ``layer``."""

    def __init__(self, folder: Path, kind: str = "neuralNetwork", specification: int = 5) -> None:
        self.path = folder / "model.mlmodel"
        self.kind = kind
        self.model = schema.message("Model")
        self.model.specificationVersion = specification
        self.network = message(kind[0].upper() + kind[1:])
        if specification >= 4 and hasattr(self.network, "arrayInputShapeMapping"):
            self.network.arrayInputShapeMapping = self.network.imageInputShapeMapping = 1

    def array(self, name: str, shape: Sequence[int], dtype: str = "float32", out: bool = False) -> Any:
        """Declare an array input, or output."""
        listed = self.model.description.output if out else self.model.description.input
        feature = listed.add(name=name)
        feature.type.multiArrayType.shape.extend(shape)
        feature.type.multiArrayType.dataType = ARRAY_TYPES[dtype]
        return feature

    def image(self, name: str, height: int, width: int, color: str = "RGB", out: bool = False) -> None:
        """Declare a picture input, or output."""
        listed = self.model.description.output if out else self.model.description.input
        picture = listed.add(name=name).type.imageType
        picture.height, picture.width, picture.colorSpace = height, width, COLORS[color]

    def layer(self, kind: str, inputs: Sequence[str], outputs: Sequence[str], **scalars: Any) -> Any:
        """Add a layer; gives the message of its parameters."""
        return add_layer(self.network.layers, kind, inputs, outputs, **scalars)

    def open(self) -> Package:
        """Write the file and open it."""
        setattr(self.model, self.kind, self.network.SerializeToString())
        self.path.write_bytes(self.model.SerializeToString())
        return open_package(self.path)


def add_layer(layers: Any, kind: str, inputs: Sequence[str], outputs: Sequence[str], **scalars: Any) -> Any:
    """Add a layer to a repeated field; gives the message of its parameters."""
    entry = layers.add(name=f"the_{kind}")
    entry.input.extend(inputs)
    entry.output.extend(outputs)
    params = getattr(entry, kind)
    params.SetInParent()
    for key, value in scalars.items():
        if isinstance(value, list | tuple):
            getattr(params, key).extend(value)
        else:
            setattr(params, key, value)
    return params


def run_layer(
    kind: str,
    *blobs: Any,
    fill: Callable[[Any], None] | None = None,
    outputs: int = 1,
    precision: Precision = Precision.FP32,
    **scalars: Any,
) -> Any:
    """Run one layer on arrays of float32; one array, or a list where several are asked for."""
    network = message("NeuralNetwork")
    names = [f"x{place}" for place in range(len(blobs))]
    results = [f"y{place}" for place in range(outputs)]
    params = add_layer(network.layers, kind, names, results, **scalars)
    if fill is not None:
        fill(params)
    arithmetic = Arithmetic(precision)
    parsed = type(network).FromString(network.SerializeToString())
    graph = make_graph(parsed.layers, 5, arithmetic, set(names))
    values = {
        name: arithmetic.torch.from_numpy(np.array(blob, np.float32))
        for name, blob in zip(names, blobs, strict=True)
    }
    graph.run(values, results)
    found = [values[name].numpy() for name in results]
    return found[0] if outputs == 1 else found


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Handmade]:
    """``make(kind, specification)``: an empty model."""
    return lambda kind="neuralNetwork", specification=5: Handmade(tmp_path, kind, specification)
