"""``distil``: the model learns to answer as the teacher does on the same views."""

from __future__ import annotations

from fieldpack.passes import Distil
from fieldpack_converters.passes.applied import Applied
from fieldpack_converters.passes.frameworks import framework_of
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
    framework = framework_of(subject)
    names = framework.named_layers(subject, step.layers)
    objective = framework.objective_of(subject, step, "distil")
    facts = framework.train(subject, step.layers, step.training, objective)
    return Applied(subject.opened, names, {"teacher": step.teacher, **facts})
