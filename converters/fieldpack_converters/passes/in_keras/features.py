"""Teaching by what is inside: outputs of layers that the source and the student share.

Romero et al. 2015, "FitNets: hints for thin deep nets". Every place of every example teaches, so that few
examples go a long way; the layers named must have kept their shape, such as the ends of residual blocks whose
insides were pruned.
"""

from __future__ import annotations

import re
from typing import Any

from fieldpack.errors import SpecError
from fieldpack.passes import Features
from fieldpack_converters.keras_source import keras_library
from fieldpack_converters.opened_source import OpenedSource
from fieldpack_converters.passes.in_keras.channels import outputs_of, walk
from fieldpack_converters.passes.in_keras.training import Objective
from fieldpack_converters.passes.subject import Subject
from fieldpack_converters.passes.views import Batch

SMALLEST = 1e-6
"""Added to a layer's variance: a layer that always says the same teaches nothing."""


def with_features(subject: Subject, features: Features, plain: Objective) -> Objective:
    """An objective whose loss adds the distance of inner outputs; the source answers in the same graph.

    Parameters
    ----------
    plain : Objective
        Of the answers; its ``prepare`` is not called.

    Raises
    ------
    SpecError
        No layer matches, or one has another shape than in the source.
    """
    import tensorflow as tf

    names = shared_layers(subject, features)
    student, teacher = (_watched(opened, names) for opened in (subject.opened, subject.original))
    answers = len(subject.opened.model.outputs)
    half = answers + len(names)

    def forward(inputs: list[Any]) -> list[Any]:
        return [*student(inputs, training=True), *map(tf.stop_gradient, teacher(inputs, training=False))]

    def loss(outputs: list[Any], batch: Batch, answer: Any) -> Any:
        ours, theirs = outputs[:half], outputs[half:]
        value = plain.loss(ours[:answers], batch, theirs[0])
        inner = zip(ours[answers:], theirs[answers:], strict=True)
        return value + features.weight * tf.add_n([_distance(*pair) for pair in inner]) / len(names)

    return Objective(loss, plain.targets, forward=forward)


def shared_layers(subject: Subject, features: Features) -> list[str]:
    """Names of the matching layers, in the order of the source.

    Raises
    ------
    SpecError
        None matches, or one has another shape than in the source.
    """
    ours, theirs = (_shapes(opened) for opened in (subject.opened, subject.original))
    names = [name for name in theirs if name in ours and re.search(features.layers, name)]
    if not names:
        raise SpecError(
            "features match no layer of both the source and the student",
            came=features.layers,
            allowed=", ".join(name for name in list(theirs)[:12] if name in ours),
        )
    changed = [name for name in names if ours[name] != theirs[name]]
    if changed:
        raise SpecError(
            "a layer named in features has another shape than in the source",
            came=", ".join(f"{name} {ours[name]} for {theirs[name]}" for name in changed[:5]),
            hint="name layers whose channels were not taken out",
        )
    return names


def _shapes(opened: OpenedSource) -> dict[str, tuple[Any, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in _tensors(opened).items()}


def _tensors(opened: OpenedSource) -> dict[str, Any]:
    source = getattr(opened.model, "_functional", None) or opened.model
    return {layer.name: outputs_of(node)[0] for node, layer in walk(source)}


def _watched(opened: OpenedSource, names: list[str]) -> Any:
    """The model with the inner outputs after its own."""
    source, tensors = getattr(opened.model, "_functional", None) or opened.model, _tensors(opened)
    outputs = [*source.outputs, *(tensors[name] for name in names)]
    return keras_library(opened.kind).Model(source.inputs, outputs)


def _distance(ours: Any, theirs: Any) -> Any:
    """Mean squared difference over the mean variance of the source's channels."""
    import tensorflow as tf

    variance = tf.math.reduce_variance(theirs, axis=list(range(len(theirs.shape) - 1)))
    return tf.reduce_mean((ours - theirs) ** 2) / (tf.reduce_mean(variance) + SMALLEST)
