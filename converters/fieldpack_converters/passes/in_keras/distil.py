"""``distil`` of a Keras model: answers as the teacher does on the same views."""

from __future__ import annotations

from fieldpack.passes import Distil
from fieldpack_converters.passes.applied import Applied
from fieldpack_converters.passes.in_keras.objective import objective_of
from fieldpack_converters.passes.in_keras.training import named_layers, train
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
    names = tuple(named_layers(subject.opened.model, step.layers))
    facts = train(subject, step.layers, step.training, objective_of(subject, step, "distil"))
    return Applied(subject.opened, names, {"teacher": step.teacher, **facts})
