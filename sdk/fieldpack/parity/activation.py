"""From scores to probabilities, and the divergence between two sets of them.

Probabilities are clipped at 1e-7 before a divergence is taken: an int8 output writes every
small probability as 0, and its logarithm must not decide alone.
"""

from __future__ import annotations

import math
from enum import StrEnum

import numpy as np

from fieldpack.errors import InputError
from fieldpack.parity.pairing import Floats

CLIP = 1e-7


class Activation(StrEnum):
    """What was applied to the scores before they came out of the model."""

    SOFTMAX = "softmax"
    """Probabilities that exclude each other."""
    SIGMOID = "sigmoid"
    """One probability a class, independent of the others."""
    LINEAR = "linear"
    """Raw scores; a softmax is applied to compare them."""
    LOGITS = "logits"
    """The same as ``linear``."""


def known_activation(word: str) -> Activation:
    """The activation of that name.

    Raises
    ------
    InputError
        When there is none.
    """
    try:
        return Activation(word)
    except ValueError:
        raise InputError(
            "the activation is unknown",
            came=repr(word),
            allowed=", ".join(choice.value for choice in Activation),
        ) from None


def probabilities(scores: Floats, activation: Activation) -> Floats:
    """Probabilities [rows, C] of finite scores; raw scores go through a softmax."""
    if activation in (Activation.SOFTMAX, Activation.SIGMOID):
        return scores
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def divergence(source: Floats, flavour: Floats, activation: Activation) -> Floats:
    """Kullback-Leibler divergence of each row of probabilities, in nats, never negative.

    For a softmax ``sum(p * log(p / q))`` with p the source, both clipped at 1e-7 and scaled to
    sum 1 (quantised outputs do not). For a sigmoid the divergences of the single yes-or-no
    decisions, summed over the classes, both clipped to 1e-7 .. 1 - 1e-7.

    Notes
    -----
    Kullback and Leibler 1951, Ann. Math. Stat. 22:79-86.
    """
    if activation is Activation.SIGMOID:
        p, q = np.clip(source, CLIP, 1 - CLIP), np.clip(flavour, CLIP, 1 - CLIP)
        terms = p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q))
    else:
        p, q = _clipped_shares(source), _clipped_shares(flavour)
        terms = p * np.log(p / q)
    return np.asarray(np.maximum(terms.sum(axis=1), 0.0))


def largest_divergence(outputs: int, activation: Activation) -> float:
    """The most that :func:`divergence` can return for so many outputs."""
    if activation is Activation.SIGMOID:
        return outputs * -math.log(CLIP)
    return math.log((1 + outputs * CLIP) / CLIP)


def _clipped_shares(values: Floats) -> Floats:
    clipped = np.clip(values, CLIP, 1.0)
    return np.asarray(clipped / clipped.sum(axis=1, keepdims=True))
