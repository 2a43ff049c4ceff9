"""``fine_tune``: the model trains on the labels."""

from __future__ import annotations

from fieldpack.passes import FineTune
from fieldpack_converters.passes.applied import Applied
from fieldpack_converters.passes.frameworks import framework_of
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
    framework = framework_of(subject)
    names = framework.named_layers(subject, step.layers)
    objective = framework.objective_of(subject, None, "fine_tune")
    facts = framework.train(subject, step.layers, step.training, objective)
    return Applied(subject.opened, names, dict(facts))
