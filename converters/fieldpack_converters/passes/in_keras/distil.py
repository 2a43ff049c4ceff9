"""``distil`` of a Keras model: answers as the teacher does on the same views.

Beyer et al. 2022, "Knowledge distillation: a good teacher is patient and consistent": teacher and student see
the same augmented, mixed views.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fieldpack.errors import SpecError
from fieldpack.passes import Distil
from fieldpack_converters.opened_source import Array
from fieldpack_converters.passes.applied import Applied
from fieldpack_converters.passes.in_keras.training import (
    Loss,
    binary_cross_entropy,
    label_loss,
    log_probabilities,
    named_layers,
    train,
)
from fieldpack_converters.passes.subject import Subject
from fieldpack_converters.passes.views import Batch, training_targets


def apply(subject: Subject, step: Distil) -> Applied:
    """Train the matching layers towards the teacher, and the labels there are.

    Returns
    -------
    Applied
        ``facts``: the mean loss of each epoch.

    Raises
    ------
    SpecError
        No layer matches, or the teacher has other classes.
    """
    names = tuple(named_layers(subject.opened.model, step.layers))
    targets = training_targets(subject, step.taxonomy_weight)
    teacher, classes = subject.teachers[step.teacher], subject.opened.outputs[0].shape[-1]

    def taught(batch: Batch) -> Array:
        answer = np.asarray(teacher(batch.inputs), np.float32)
        if answer.shape[-1] != classes:
            raise SpecError(
                "the teacher has other classes than the student",
                came=f"{answer.shape[-1]} classes",
                allowed=f"{classes}",
            )
        return answer

    loss = _loss(subject.activation, step, labelled=targets is not None)
    facts = train(subject, step.layers, step.training, loss, targets, prepare=taught)
    return Applied(subject.opened, names, {"teacher": step.teacher, **facts})


def _loss(activation: str, step: Distil, labelled: bool) -> Loss:
    labels = label_loss(activation)

    def loss(outputs: list[Any], batch: Batch, answer: Any) -> Any:
        value = _distance(answer, outputs[0], activation, step.temperature)
        if not labelled or not step.label_weight:
            return value
        return (1 - step.label_weight) * value + step.label_weight * labels(outputs, batch, answer)

    return loss


def _distance(taught: Any, scores: Any, activation: str, temperature: float) -> Any:
    """KL divergence at the temperature, times its square; squared difference where there are no classes."""
    import tensorflow as tf

    if activation in ("softmax", "logits"):
        theirs = log_probabilities(taught, activation, temperature)
        ours = log_probabilities(scores, activation, temperature)
        divergence = tf.reduce_sum(tf.exp(theirs) * (theirs - ours), axis=-1)
        return tf.reduce_mean(divergence) * temperature**2
    if activation == "sigmoid":
        return binary_cross_entropy(taught, scores)
    return tf.reduce_mean((scores - taught) ** 2)
