"""A Keras model rebuilt with some layers replaced by others, the rest shared with the old model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fieldpack.errors import UnsupportedError
from fieldpack_converters.keras_source import keras_library
from fieldpack_converters.opened_source import OpenedSource

Replacement = Callable[[Any], list[Any]]
"""Layer -> the layers that stand in its place, in order; itself where it stays."""


def rebuilt(opened: OpenedSource, replacement: Replacement) -> Any:
    """The functional model over the same inputs, with layers replaced.

    Raises
    ------
    UnsupportedError
        The model has a layer that is a model, or one that is called more than once.
    """
    keras = keras_library(opened.kind)
    model = opened.model
    nested = [layer.name for layer in model.layers if getattr(layer, "layers", None)]
    if nested:
        raise UnsupportedError(
            "a model inside the model cannot be rebuilt", came=nested[0], hint="flatten it before packing"
        )
    source = getattr(model, "_functional", None) or model
    inputs = [
        keras.Input(batch_shape=tensor.shape, dtype=tensor.dtype, name=name)
        if keras.__name__ == "keras"
        else keras.Input(tensor.shape[1:], batch_size=tensor.shape[0], dtype=tensor.dtype, name=name)
        for tensor, name in zip(model.inputs, [fact.name for fact in opened.inputs], strict=True)
    ]
    tensors = {id(old): new for old, new in zip(source.inputs, inputs, strict=True)}
    for depth in sorted(source._nodes_by_depth, reverse=True):
        for node in source._nodes_by_depth[depth]:
            if not node.is_input:
                _call_again(node, tensors, replacement)
    outputs = [tensors[id(tensor)] for tensor in source.outputs]
    return keras.Model(inputs if len(inputs) > 1 else inputs[0], outputs if len(outputs) > 1 else outputs[0])


def _call_again(node: Any, tensors: dict[int, Any], replacement: Replacement) -> None:
    """Call a node's layer, or what stands in its place, on the new tensors."""
    import tensorflow as tf

    if hasattr(node, "operation"):
        layer = node.operation
        arguments, keywords = node.arguments.fill_in(tensors)
    else:
        layer = node.layer
        arguments, keywords = node.map_arguments({str(key): [value] * 99 for key, value in tensors.items()})
    first, *others = replacement(layer)
    result = first(*arguments, **keywords)
    for other in others:
        result = other(result)
    for old, new in zip(tf.nest.flatten(node.outputs), tf.nest.flatten(result), strict=True):
        tensors[id(old)] = new
