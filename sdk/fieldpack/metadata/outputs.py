"""The outputs of a contract as facts of the tensors that a file gives."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from fieldpack.bundle.manifest import Border
from fieldpack.bundle.thresholds import in_force
from fieldpack.contract import Activation, Mean, Output, Quantile
from fieldpack.metadata.tensor_facts import Calibration, TensorFacts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

KINDS = {
    Activation.SOFTMAX: "Probabilities of {} labels, with a sum of 1.",
    Activation.SIGMOID: "Scores 0..1 of {} labels, each for itself.",
    Activation.LOGITS: "Logits of {} labels; a softmax makes probabilities of them.",
}


def output_facts(
    output: Output,
    border: Border,
    labels: tuple[str, ...] = (),
    thresholds: NDArray[np.float32] | None = None,
) -> TensorFacts:
    """What a file says of one output.

    Parameters
    ----------
    output : Output
        Of the contract.
    border : Border
        How it meets the file.
    labels : tuple of str
        Its labels; empty for numbers without any.
    thresholds : ndarray, optional
        float32 [C], NaN for none: those of labels that are in force for this file.
    """
    if not output.activation.classifies:
        return TensorFacts(output.name, border.tensor, _quantity(output))
    are_scores = output.activation is not Activation.LOGITS
    calibration = _calibration(output, border, labels, thresholds)
    return TensorFacts(
        output.name,
        border.tensor,
        _told(output, len(labels), by_label=thresholds is not None),
        low=(0.0,) if are_scores else (),
        high=(1.0,) if are_scores else (),
        labels=labels,
        threshold=_threshold(output, thresholds) if are_scores or calibration is not None else None,
        calibration=calibration,
    )


def _threshold(output: Output, thresholds: NDArray[np.float32] | None) -> float | None:
    """The score below which no label counts."""
    least = in_force(output, thresholds)
    return None if least is None else float(least if thresholds is None else least.min())


def _calibration(
    output: Output, border: Border, labels: tuple[str, ...], thresholds: NDArray[np.float32] | None
) -> Calibration | None:
    """Only an output of one number a label can say how scores come of it."""
    slope = None if output.sensitivity is None else output.sensitivity.value
    if border.item_shape != (len(labels),) or (slope is None and thresholds is None):
        return None
    if thresholds is None:
        return Calibration(slope, (None,) * len(labels))
    scores = [float(score) for score in in_force(output, thresholds)]
    if output.sensitivity is None:
        return Calibration(None, tuple(scores))
    reach = output.sensitivity.value * output.sensitivity.limit
    return Calibration(slope, tuple(_least_logit(score, output.sensitivity.value, reach) for score in scores))


def _least_logit(score: float, slope: float, reach: float) -> float | None:
    """The logit at which a score is reached; the clip keeps ``slope * x`` within `reach` of 0."""
    if score <= 1 / (1 + math.exp(reach)):
        return None
    if score > 1 / (1 + math.exp(-reach)):
        return math.inf
    return math.log(score / (1 - score)) / slope


def _told(output: Output, count: int, *, by_label: bool) -> str:
    text = KINDS[output.activation].format(count)
    if output.sensitivity is not None:
        slope, limit = output.sensitivity.value, output.sensitivity.limit
        formula = f"1 / (1 + exp(-{slope:g} * clip(x, -{limit:g}, {limit:g})))"
        text = f"Logits x of {count} labels, each for itself; {formula} is the score."
    if by_label:
        return f"{text} Each label counts from its own threshold on."
    return text if output.threshold is None else f"{text} A label counts from {output.threshold:g} on."


def _quantity(output: Output) -> str:
    estimate = output.estimate
    if estimate is None:
        return f"Numbers in {output.unit}."
    if isinstance(estimate, Mean):
        return f"The mean of {estimate.quantity}, in {output.unit}."
    if isinstance(estimate, Quantile):
        return f"The {estimate.level:g} quantile of {estimate.quantity}, in {output.unit}."
    return f"The spread of {estimate.quantity} as {estimate.form}, in {output.unit}."
