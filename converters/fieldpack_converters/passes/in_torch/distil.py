"""``distil`` of a PyTorch module: answers as the teacher does on the same views.

Beyer et al. 2022, "Knowledge distillation: a good teacher is patient and consistent": teacher and student see
the same augmented, mixed views.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fieldpack.errors import SpecError
from fieldpack.passes import Distil
from fieldpack_converters.passes.applied import Applied
from fieldpack_converters.passes.in_torch.training import (
    Loss,
    label_loss,
    log_probabilities,
    named_parameters,
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
    _, names = named_parameters(subject.opened.model, step.layers)
    targets = training_targets(subject, step.taxonomy_weight)
    facts = train(subject, step.layers, step.training, _loss(subject, step), targets)
    return Applied(subject.opened, names, {"teacher": step.teacher, **facts})


def _loss(subject: Subject, step: Distil) -> Loss:
    import torch

    teacher = subject.teachers[step.teacher]
    labels = label_loss(subject)

    def loss(outputs: list[Any], batch: Batch) -> Any:
        taught = np.asarray(teacher(batch.inputs), np.float32)
        if taught.shape[-1] != outputs[0].shape[-1]:
            raise SpecError(
                "the teacher has other classes than the student",
                came=f"{taught.shape[-1]} classes",
                allowed=f"{outputs[0].shape[-1]}",
            )
        value = _distance(torch.from_numpy(taught), outputs[0], subject.activation, step.temperature)
        if batch.targets is None or not step.label_weight:
            return value
        return (1 - step.label_weight) * value + step.label_weight * labels(outputs, batch)

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
