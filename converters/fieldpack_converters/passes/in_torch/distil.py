"""``distil`` of a PyTorch module: answers as the teacher does on the same views."""

from __future__ import annotations

from fieldpack.passes import Distil
from fieldpack_converters.passes.applied import Applied
from fieldpack_converters.passes.in_torch.objective import objective_of
from fieldpack_converters.passes.in_torch.training import named_parameters, train
from fieldpack_converters.passes.subject import Subject


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
    facts = train(subject, step.layers, step.training, objective_of(subject, step, "distil"))
    return Applied(subject.opened, names, {"teacher": step.teacher, **facts})
