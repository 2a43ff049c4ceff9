"""What a Keras model is trained for: the labels, or a teacher's answers on the same views.

Beyer et al. 2022, "Knowledge distillation: a good teacher is patient and consistent": teacher and student see
the same augmented, mixed views.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fieldpack.errors import SpecError
from fieldpack.passes import Teaching
from fieldpack_converters.opened_source import Array
from fieldpack_converters.passes.in_keras.features import with_features
from fieldpack_converters.passes.in_keras.training import (
    Loss,
    Objective,
    binary_cross_entropy,
    label_loss,
    log_probabilities,
)
from fieldpack_converters.passes.subject import Subject
from fieldpack_converters.passes.views import Batch, demand_labels, training_targets


def objective_of(subject: Subject, teaching: Teaching | None, what: str) -> Objective:
    """A teacher's objective, or that of the labels alone where there is none.

    Parameters
    ----------
    what : str
        The training, for the message that labels are missing.

    Raises
    ------
    SpecError
        There is no teacher and there are no labels.
    """
    if teaching is None:
        return Objective(label_loss(subject.activation), demand_labels(training_targets(subject), what))
    targets = training_targets(subject, teaching.taxonomy_weight)
    loss = _loss(subject.activation, teaching, labelled=targets is not None)
    if teaching.features is not None:
        return with_features(subject, teaching.features, Objective(loss, targets))
    return Objective(loss, targets, _answers(subject, teaching))


def _answers(subject: Subject, teaching: Teaching) -> Callable[[Batch], Array]:
    teacher, classes = subject.teachers[teaching.teacher], subject.opened.outputs[0].shape[-1]

    def taught(batch: Batch) -> Array:
        answer = np.asarray(teacher(batch.inputs), np.float32)
        if answer.shape[-1] != classes:
            raise SpecError(
                "the teacher has other classes than the student",
                came=f"{answer.shape[-1]} classes",
                allowed=f"{classes}",
            )
        return answer

    return taught


def _loss(activation: str, teaching: Teaching, labelled: bool) -> Loss:
    labels = label_loss(activation)

    def loss(outputs: list[Any], batch: Batch, answer: Any) -> Any:
        value = _distance(answer, outputs[0], activation, teaching.temperature)
        if not labelled or not teaching.label_weight:
            return value
        return (1 - teaching.label_weight) * value + teaching.label_weight * labels(outputs, batch, answer)

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
