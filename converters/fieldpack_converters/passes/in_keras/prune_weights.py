"""``prune_weights`` of a Keras model."""

from __future__ import annotations

import numpy as np

from fieldpack.passes import PruneWeights
from fieldpack_converters.passes.applied import Applied
from fieldpack_converters.passes.in_keras.training import (
    label_loss,
    train,
)
from fieldpack_converters.passes.sparsity import kept_weights, sparsity_facts
from fieldpack_converters.passes.subject import Subject
from fieldpack_converters.passes.views import demand_labels, training_targets
from fieldpack_converters.passes.weighted_layers import matching


def apply(subject: Subject, step: PruneWeights) -> Applied:
    """Set the smallest weights of the matching layers to zero; they stay zero through fine-tuning.

    Returns
    -------
    Applied
        ``facts``: zeros by layer, deflated bytes of the weights before and after, losses.

    Raises
    ------
    SpecError
        No layer matches, or none has a place for the pattern.
    """
    layers = {layer.name: layer for layer in matching(subject.opened, step.layers)}
    weights = {name: layer.weights() for name, layer in layers.items()}
    masks = kept_weights(weights, step)

    def zero() -> None:
        for name, mask in masks.items():
            layers[name].set_weights(layers[name].weights() * mask)

    zero()
    facts: dict[str, object] = {}
    if step.training is not None:
        targets = demand_labels(training_targets(subject), "fine-tuning")
        facts |= train(subject, ".*", step.training, label_loss(subject.activation), targets, after_step=zero)
    after = {name: layers[name].weights() for name in masks}
    facts |= sparsity_facts(
        {name: np.where(masks[name], after[name], weights[name]) for name in masks}, masks
    )
    return Applied(subject.opened, tuple(masks), facts)
