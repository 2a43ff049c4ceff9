"""One training loop for every pass on a PyTorch module."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from fieldpack.errors import SpecError
from fieldpack.passes import Training
from fieldpack_converters.opened_source import Array
from fieldpack_converters.passes.subject import Subject
from fieldpack_converters.passes.views import Batch, batches, rate_at, steps_of
from fieldpack_converters.passes.zeros import Zeros

Loss = Callable[[list[Any], Batch], Any]
"""The module's outputs and the batch -> a scalar tensor."""
AfterStep = Callable[[int, int], None]
"""Steps done and of the whole training."""
SMALLEST = 1e-7
"""Probabilities are not taken below it."""


@dataclass(frozen=True, slots=True)
class Objective:
    """What a training is for.

    Attributes
    ----------
    loss : callable
        See ``Loss``.
    targets : ndarray or None
        float32 [N, C] of the training examples.
    hooks : tuple
        Handles that are removed when the training ends.
    """

    loss: Loss
    targets: Array | None
    hooks: tuple[Any, ...] = ()


def named_parameters(module: Any, pattern: str) -> tuple[list[Any], tuple[str, ...]]:
    """The parameters of the layers whose name matches, and the names of those layers.

    Raises
    ------
    SpecError
        None matches.
    """
    owners = [
        (name, layer) for name, layer in module.named_modules() if list(layer.parameters(recurse=False))
    ]
    found = [(name, layer) for name, layer in owners if re.search(pattern, name)]
    if not found:
        raise SpecError(
            "a pass of the recipe matches no layer",
            came=pattern,
            allowed=", ".join(name for name, _ in owners[:12]),
        )
    return [p for _, layer in found for p in layer.parameters(recurse=False)], tuple(
        name for name, _ in found
    )


def train(
    subject: Subject,
    pattern: str,
    training: Training,
    objective: Objective,
    after_step: AfterStep | None = None,
    forward: Callable[[list[Array]], list[Any]] | None = None,
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
        Stands in for the module's call: arrays of the inputs -> flat outputs with gradients.
    before_epoch : callable, optional
        Called with each epoch's number, from 0.

    Returns
    -------
    dict
        ``loss``: mean of each epoch.
    """
    import torch

    module, examples = subject.opened.model, subject.training_data()
    parameters, names = named_parameters(module, pattern)
    zeros = Zeros(subject)
    generator = np.random.default_rng(subject.seed)
    torch.manual_seed(subject.seed)
    optimiser = torch.optim.Adam(parameters, lr=training.learning_rate)
    whole, done = steps_of(examples, training), 0
    history: list[float] = []
    called = forward or (lambda inputs: outputs_of(module, inputs))
    _set_training(module, names)
    try:
        for epoch in range(training.epochs):
            losses = []
            if before_epoch is not None:
                before_epoch(epoch)
            for batch in batches(examples, training, subject.opened.layout, objective.targets, generator):
                for group in optimiser.param_groups:
                    group["lr"] = rate_at(done, whole, training)
                value = objective.loss(called(batch.inputs), batch)
                optimiser.zero_grad()
                value.backward()
                optimiser.step()
                done += 1
                zeros.put_back()
                if after_step is not None:
                    after_step(done, whole)
                losses.append(float(value.detach()))
            history.append(float(np.mean(losses)))
            subject.report(f"train, epoch {epoch + 1} of {training.epochs}", done / whole)
    finally:
        for hook in objective.hooks:
            hook.remove()
        module.eval()
        for parameter in module.parameters():
            parameter.requires_grad_(True)
    return {"loss": history}


def _set_training(module: Any, names: tuple[str, ...]) -> None:
    """Only the named layers train; a batch norm that is not named keeps its statistics."""
    module.train()
    wanted = set(names)
    for name, layer in module.named_modules():
        if list(layer.parameters(recurse=False)) and name not in wanted:
            layer.eval()
    for name, layer in module.named_modules():
        for parameter in layer.parameters(recurse=False):
            parameter.requires_grad_(name in wanted)


def outputs_of(module: Any, inputs: list[Array]) -> list[Any]:
    """The module's outputs as a flat list of tensors, with gradients."""
    import torch

    result = module(*(torch.from_numpy(np.ascontiguousarray(array)) for array in inputs))
    if isinstance(result, dict):
        return list(result.values())
    return list(result) if isinstance(result, (tuple, list)) else [result]


def log_probabilities(scores: Any, activation: str, temperature: float = 1.0) -> Any:
    """Log of the softmax of an output that is a softmax or its logits, at a temperature.

    Raises
    ------
    SpecError
        The output is neither.
    """
    import torch

    if activation not in ("softmax", "logits"):
        raise SpecError("this pass needs a softmax output or its logits", came=activation)
    logits = torch.log(scores.clamp_min(SMALLEST)) if activation == "softmax" else scores
    return torch.log_softmax(logits / temperature, dim=-1)


def label_loss(subject: Subject) -> Loss:
    """Cross-entropy with the targets: of classes, or of each label by itself for a sigmoid."""
    import torch

    def loss(outputs: list[Any], batch: Batch) -> Any:
        scores = outputs[0]
        wanted = torch.from_numpy(batch.targets)
        if subject.activation == "sigmoid":
            return torch.nn.functional.binary_cross_entropy(scores.clamp(SMALLEST, 1 - SMALLEST), wanted)
        rows = wanted.sum(dim=1).sum().clamp_min(1.0)
        return -(wanted * log_probabilities(scores, subject.activation)).sum() / rows

    return loss
