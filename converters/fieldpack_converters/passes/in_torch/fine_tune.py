"""``fine_tune`` of a PyTorch module."""

from __future__ import annotations

from fieldpack.passes import FineTune
from fieldpack_converters.passes.applied import Applied
from fieldpack_converters.passes.in_torch.objective import objective_of
from fieldpack_converters.passes.in_torch.training import named_parameters, train
from fieldpack_converters.passes.subject import Subject


def apply(subject: Subject, step: FineTune) -> Applied:
    """Train the matching layers on the labels.

    Returns
    -------
    Applied
        ``facts``: the mean loss of each epoch.

    Raises
    ------
    SpecError
        No layer matches, or there are no labels.
    """
    _, names = named_parameters(subject.opened.model, step.layers)
    facts = train(subject, step.layers, step.training, objective_of(subject, None, "fine_tune"))
    return Applied(subject.opened, names, dict(facts))
