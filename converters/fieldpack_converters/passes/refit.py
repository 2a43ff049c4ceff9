"""The pass ``refit``: one temperature, and if asked a bias for each class, from the calibration labels.

Guo et al., "On Calibration of Modern Neural Networks" (2017). Both go into the weights of the last layer
before the softmax, so that every flavour is made from the refitted scores. Biases are drawn to zero by a
unit normal prior, so that a class with few examples keeps its score.
"""

from __future__ import annotations

import numpy as np

from fieldpack.errors import SpecError
from fieldpack.passes import Refit
from fieldpack_converters.opened_source import Array
from fieldpack_converters.passes.applied import Applied
from fieldpack_converters.passes.subject import Subject
from fieldpack_converters.passes.weighted_layers import WeightedLayer, matching
from fieldpack_converters.source import called_in_batches

_LOW, _HIGH = np.log(0.05), np.log(20.0)
_STEPS, _RATE = 400, 0.02
_TINY = 1e-12
_SAME = 1e-2


def apply(subject: Subject, step: Refit) -> Applied:
    """Fit and fold.

    Raises
    ------
    SpecError
        The scores are no softmax or logits, there are no labels, or the layer is not the last one.
    """
    layer = _head(subject, step)
    examples = subject.calibration_data()
    known = None if examples.labels is None else np.flatnonzero(np.asarray(examples.labels) >= 0)
    if known is None or known.size == 0 or examples.labels is None:
        raise SpecError("refit needs labels in [data.calibration]", came="no labelled example")
    inputs = [np.array(array)[known] for array in examples.inputs]
    labels = np.asarray(examples.labels)[known]
    scores = _scores(subject, inputs)
    if layer.weights().shape[0] != scores.shape[1]:
        raise _not_last(layer)
    temperature, bias = fitted(scores, labels, step.bias)
    _fold(layer, temperature, bias)
    wanted = log_softmax(scores / temperature + bias)
    came = log_softmax(_scores(subject, inputs))
    if np.abs(np.exp(came) - np.exp(wanted)).max() > _SAME:
        raise _not_last(layer)
    facts = {
        "temperature": temperature,
        "nll_before": nll(scores, labels),
        "nll": nll(scores / temperature + bias, labels),
        "examples": int(known.size),
        "largest_bias": float(np.abs(bias).max()),
    }
    return Applied(subject.opened, (layer.name,), facts)


def _not_last(layer: WeightedLayer) -> SpecError:
    return SpecError(
        "refit was given a layer that is not the last one before the scores",
        came=layer.name,
        hint="name the layer whose sums go into the softmax",
    )


def _head(subject: Subject, step: Refit) -> WeightedLayer:
    if subject.activation not in ("softmax", "logits"):
        raise SpecError(
            "refit needs scores of exclusive classes", came=subject.activation, allowed="softmax, logits"
        )
    layers = matching(subject.opened, step.layers)
    if len(layers) != 1:
        raise SpecError(
            "refit changes one layer",
            came=", ".join(layer.name for layer in layers[:8]),
            hint="let layers match the last one only",
        )
    if step.bias and layers[0].bias() is None:
        raise SpecError("the layer has no bias to fit", came=layers[0].name, hint="set bias = false")
    return layers[0]


def _scores(subject: Subject, inputs: list[Array]) -> Array:
    """Logits up to a constant of each example, float64 [N, C]."""
    answer = called_in_batches(subject.opened, inputs)[0].astype(np.float64)
    flat = answer.reshape(len(answer), -1)
    return np.log(np.maximum(flat, _TINY)) if subject.activation == "softmax" else flat


def fitted(scores: Array, labels: Array, with_bias: bool) -> tuple[float, Array]:
    """Temperature and biases float64 [C] with the least negative log-likelihood.

    Parameters
    ----------
    scores : ndarray
        Logits float64 [N, C].
    labels : ndarray
        int64 [N].
    with_bias : bool
        Fit biases too; else they are zero.
    """
    bias = np.zeros(scores.shape[1])
    temperature = _temperature(scores, labels, bias)
    if not with_bias:
        return temperature, bias
    moved, squares = np.zeros_like(bias), np.zeros_like(bias)
    truth = np.bincount(labels, minlength=len(bias)) / len(labels)
    for number in range(1, _STEPS + 1):
        chance = np.exp(log_softmax(scores / temperature + bias)).mean(axis=0)
        slope = chance - truth + bias / len(labels)
        moved, squares = 0.9 * moved + 0.1 * slope, 0.99 * squares + 0.01 * slope**2
        step = moved / (1 - 0.9**number) / (np.sqrt(squares / (1 - 0.99**number)) + 1e-8)
        bias = bias - _RATE * (1 - number / (_STEPS + 1)) * step
        if number % 50 == 0:
            temperature = _temperature(scores, labels, bias)
    return temperature, bias - bias.mean()


def _temperature(scores: Array, labels: Array, bias: Array) -> float:
    """Golden section on the logarithm; the likelihood has one maximum in 1 / T."""
    low, high, share = _LOW, _HIGH, (np.sqrt(5) - 1) / 2
    for _ in range(40):
        one, two = high - share * (high - low), low + share * (high - low)
        if nll(scores / np.exp(one) + bias, labels) < nll(scores / np.exp(two) + bias, labels):
            high = two
        else:
            low = one
    return float(np.exp((low + high) / 2))


def log_softmax(scores: Array) -> Array:
    """Row by row, float64 [N, C]."""
    shifted = scores - scores.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def nll(scores: Array, labels: Array) -> float:
    """Mean negative log-likelihood, nats."""
    return float(-log_softmax(scores)[np.arange(len(labels)), labels].mean())


def _fold(layer: WeightedLayer, temperature: float, bias: Array) -> None:
    layer.set_weights(layer.weights() / np.float32(temperature))
    old = layer.bias()
    if old is not None:
        layer.set_bias((old / temperature + bias).astype(np.float32))
