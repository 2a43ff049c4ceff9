"""One training loop for every pass on a Keras model of either library."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from fieldpack.errors import SpecError
from fieldpack.passes import Training
from fieldpack_converters.keras_source import keras_library
from fieldpack_converters.opened_source import Array
from fieldpack_converters.passes.keras_layers import leaf_layers
from fieldpack_converters.passes.subject import Subject
from fieldpack_converters.passes.views import Batch, batches, rate_at, steps_of
from fieldpack_converters.passes.zeros import Zeros

Loss = Callable[[list[Any], Batch, Any], Any]
"""The model's outputs, the batch and what ``prepare`` gave for it -> a scalar tensor."""
AfterStep = Callable[[int, int], None]
"""Steps done and of the whole training."""
SMALLEST = 1e-7
"""Probabilities are not taken below it."""


def _nothing(batch: Batch) -> Any:
    return np.float32(0)


@dataclass(frozen=True, slots=True)
class Objective:
    """What a training is for.

    Attributes
    ----------
    loss : callable
        See ``Loss``.
    targets : ndarray or None
        float32 [N, C] of the training examples.
    prepare : callable
        Called with each batch outside the graph; its array is handed to the loss (a teacher's answer).
    forward : callable or None
        Stands in for the model's call, where the loss needs more than its outputs.
    """

    loss: Loss
    targets: Array | None
    prepare: Callable[[Batch], Any] = _nothing
    forward: Callable[[list[Any]], list[Any]] | None = None


def named_layers(model: Any, pattern: str) -> dict[str, Any]:
    """The layers with weights whose name matches.

    Raises
    ------
    SpecError
        None does.
    """
    owners = {name: layer for name, layer in leaf_layers(model) if getattr(layer, "weights", None)}
    found = {name: layer for name, layer in owners.items() if re.search(pattern, name)}
    if not found:
        raise SpecError(
            "a pass of the recipe matches no layer", came=pattern, allowed=", ".join(list(owners)[:12])
        )
    return found


def train(
    subject: Subject,
    pattern: str,
    training: Training,
    objective: Objective,
    after_step: AfterStep | None = None,
    forward: Callable[[list[Any]], Any] | None = None,
    before_epoch: Callable[[int], None] | None = None,
) -> dict[str, list[float]]:
    """Train the matching layers; the others, their batch norms included, stay as they are.

    Zeros that ``prune_weights`` placed stay zero.

    Parameters
    ----------
    pattern : str
        Regular expression of layer names.
    objective : Objective
        See there.
    after_step : callable, optional
        Called after each step, once zeros are back.
    forward : callable, optional
        Stands in for the model's call: a list of inputs -> outputs.
    before_epoch : callable, optional
        Called with each epoch's number, from 0.

    Returns
    -------
    dict
        ``loss``: mean of each epoch.
    """
    keras = keras_library(subject.opened.kind)
    model, examples = subject.opened.model, subject.training_data()
    layers = named_layers(model, pattern)
    zeros = Zeros(subject)
    keras.utils.set_random_seed(subject.seed)
    kept = {name: layer.trainable for name, layer in leaf_layers(model) if hasattr(layer, "trainable")}
    for name, layer in leaf_layers(model):
        if hasattr(layer, "trainable"):
            layer.trainable = name in layers
    optimiser = keras.optimizers.Adam(training.learning_rate)
    step = _step(model, optimiser, objective.loss, forward or objective.forward or _training_call(model))
    generator = np.random.default_rng(subject.seed)
    whole, done = steps_of(examples, training), 0
    history: list[float] = []
    for epoch in range(training.epochs):
        losses = []
        if before_epoch is not None:
            before_epoch(epoch)
        for batch in batches(examples, training, "NHWC", objective.targets, generator):
            optimiser.learning_rate = rate_at(done, whole, training)
            losses.append(float(step(batch, objective.prepare(batch))))
            done += 1
            zeros.put_back()
            if after_step is not None:
                after_step(done, whole)
        history.append(float(np.mean(losses)))
        subject.report(f"train, epoch {epoch + 1} of {training.epochs}", done / whole)
    for name, layer in leaf_layers(model):
        if name in kept:
            layer.trainable = kept[name]
    return {"loss": history}


def _training_call(model: Any) -> Callable[[list[Any]], Any]:
    return lambda inputs: model(inputs if len(inputs) > 1 else inputs[0], training=True)


def _step(
    model: Any, optimiser: Any, loss: Loss, forward: Callable[[list[Any]], Any]
) -> Callable[[Batch, Any], Any]:
    import tensorflow as tf

    variables = model.trainable_variables
    if hasattr(optimiser, "build"):
        optimiser.build(variables)

    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
    def stepped(inputs: Any, targets: Any, extra: Any) -> Any:
        with tf.GradientTape() as tape:
            value = loss(tf.nest.flatten(forward(inputs)), Batch(inputs, targets), extra)
        optimiser.apply_gradients(zip(tape.gradient(value, variables), variables, strict=True))
        return value

    def run(batch: Batch, extra: Any) -> Any:
        empty = np.zeros((0, 0), np.float32)
        return stepped(
            [tf.constant(array) for array in batch.inputs],
            tf.constant(empty if batch.targets is None else batch.targets),
            tf.constant(extra),
        )

    return run


def log_probabilities(scores: Any, activation: str, temperature: float = 1.0) -> Any:
    """Log of the softmax of an output that is a softmax or its logits, at a temperature.

    Raises
    ------
    SpecError
        The output is neither.
    """
    import tensorflow as tf

    if activation not in ("softmax", "logits"):
        raise SpecError("this pass needs a softmax output or its logits", came=activation)
    logits = tf.math.log(tf.maximum(scores, SMALLEST)) if activation == "softmax" else scores
    return tf.nn.log_softmax(logits / temperature, axis=-1)


def label_loss(activation: str) -> Loss:
    """Cross-entropy with the targets: of classes, or of each label by itself for a sigmoid."""
    import tensorflow as tf

    def loss(outputs: list[Any], batch: Batch, extra: Any) -> Any:
        wanted, scores = batch.targets, outputs[0]
        if activation == "sigmoid":
            return binary_cross_entropy(wanted, scores)
        rows = tf.maximum(tf.reduce_sum(wanted), 1.0)
        return -tf.reduce_sum(wanted * log_probabilities(scores, activation)) / rows

    return loss


def binary_cross_entropy(wanted: Any, scores: Any) -> Any:
    """Mean over labels and examples."""
    import tensorflow as tf

    kept = tf.clip_by_value(scores, SMALLEST, 1 - SMALLEST)
    return -tf.reduce_mean(wanted * tf.math.log(kept) + (1 - wanted) * tf.math.log(1 - kept))
