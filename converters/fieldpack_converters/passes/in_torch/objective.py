"""What a PyTorch module is trained for: the labels, or a teacher's answers on the same views.

Beyer et al. 2022, "Knowledge distillation: a good teacher is patient and consistent": teacher and student see
the same augmented, mixed views.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fieldpack.errors import SpecError
from fieldpack.passes import Teaching
from fieldpack_converters.passes.in_torch.features import with_features
from fieldpack_converters.passes.in_torch.training import Loss, Objective, label_loss, log_probabilities
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
        return Objective(label_loss(subject), demand_labels(training_targets(subject), what))
    plain = Objective(_taught(subject, teaching), training_targets(subject, teaching.taxonomy_weight))
    return plain if teaching.features is None else with_features(subject, teaching.features, plain)


def _taught(subject: Subject, teaching: Teaching) -> Loss:
    import torch

    teacher = subject.teachers[teaching.teacher]
    labels = label_loss(subject)

    def loss(outputs: list[Any], batch: Batch) -> Any:
        taught = np.asarray(teacher(batch.inputs), np.float32)
        if taught.shape[-1] != outputs[0].shape[-1]:
            raise SpecError(
                "the teacher has other classes than the student",
                came=f"{taught.shape[-1]} classes",
                allowed=f"{outputs[0].shape[-1]}",
            )
        value = _distance(torch.from_numpy(taught), outputs[0], subject.activation, teaching.temperature)
        if batch.targets is None or not teaching.label_weight:
            return value
        return (1 - teaching.label_weight) * value + teaching.label_weight * labels(outputs, batch)

    return loss


def _distance(taught: Any, scores: Any, activation: str, temperature: float) -> Any:
    """KL divergence at the temperature, times its square; squared difference where there are no classes."""
    import torch

    if activation in ("softmax", "logits"):
        theirs = log_probabilities(taught, activation, temperature)
        ours = log_probabilities(scores, activation, temperature)
        return (
            torch.nn.functional.kl_div(ours, theirs, reduction="batchmean", log_target=True) * temperature**2
        )
    if activation == "sigmoid":
        return torch.nn.functional.binary_cross_entropy(scores.clamp(1e-7, 1 - 1e-7), taught)
    return torch.nn.functional.mse_loss(scores, taught)
