"""``fine_tune`` of a Keras model."""

from __future__ import annotations

from fieldpack.passes import FineTune
from fieldpack_converters.passes.applied import Applied
from fieldpack_converters.passes.in_keras.objective import objective_of
from fieldpack_converters.passes.in_keras.training import named_layers, train
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
    names = tuple(named_layers(subject.opened.model, step.layers))
    facts = train(subject, step.layers, step.training, objective_of(subject, None, "fine_tune"))
    return Applied(subject.opened, names, dict(facts))
