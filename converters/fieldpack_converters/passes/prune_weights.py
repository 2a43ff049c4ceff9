"""``prune_weights``: the smallest weights become zero, at once or while the model trains.

On one layer the zeros, and their rise, are those of TensorFlow Model Optimization's ``prune_low_magnitude``,
which knows ``tf_keras`` alone (``in_keras/tfmot_test.py`` compares them). Over several layers the share is of
all their weights together, where that package takes it of each.
"""

from __future__ import annotations

from fieldpack.passes import PruneWeights
from fieldpack_converters.passes.applied import Applied
from fieldpack_converters.passes.frameworks import framework_of
from fieldpack_converters.passes.sparsity import Pruning
from fieldpack_converters.passes.subject import Subject


def apply(subject: Subject, step: PruneWeights) -> Applied:
    """Set the smallest weights of the matching layers to zero; they stay zero from then on.

    Returns
    -------
    Applied
        ``facts``: zeros by layer, deflated bytes of the weights before and after, losses.

    Raises
    ------
    SpecError
        No layer matches, none has a place for the pattern, or fine-tuning lacks labels.
    """
    pruning = Pruning(subject, step)
    facts: dict[str, object] = {}
    if step.training is not None:
        framework = framework_of(subject)
        objective = framework.objective_of(subject, step.teaching, "fine-tuning")
        facts |= framework.train(subject, ".*", step.training, objective, after_step=pruning.after_step)
    return Applied(subject.opened, pruning.names, facts | pruning.facts())
