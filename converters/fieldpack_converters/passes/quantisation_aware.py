"""``quantisation_aware``: trains with the rounding of the int8 file in the forward pass."""

from __future__ import annotations

import hashlib

import numpy as np

from fieldpack.errors import SpecError
from fieldpack.passes import QuantisationAware
from fieldpack_converters.passes.applied import Applied
from fieldpack_converters.passes.frameworks import RoundedForward, RoundedLayer, framework_of
from fieldpack_converters.passes.subject import Subject
from fieldpack_converters.trained_ranges import fingerprint

KINDS = "dense layers, convolutions without groups, depthwise convolutions"


def apply(subject: Subject, step: QuantisationAware) -> Applied:
    """Train the matching layers under 8-bit rounding; a plain float model is left.

    Batch norms keep their moving statistics. Ranges are watched in every epoch but the last.

    Returns
    -------
    Applied
        ``facts``: the mean loss of each epoch; ``activation_ranges`` by layer; ``fingerprints`` of the same
        tensors, see ``trained_ranges.py``; ``integers``, the first 16 hexadecimal digits of the SHA-256 of
        each layer's int8 weights in TFLite's order.

    Raises
    ------
    SpecError
        No layer whose weights can be rounded matches, or there are no labels.
    UnsupportedError
        The model holds another model, cannot be traced, or has weights of a kind that is not covered.
    """
    framework = framework_of(subject)
    forward = framework.rounded_forward(subject.opened, step.layers)
    if not forward.layers:
        raise SpecError(
            "a pass of the recipe matches no layer whose weights can be 8-bit",
            came=step.layers,
            allowed=", ".join(framework.roundable(subject.opened)[:12])
            or "Conv2D without groups, depthwise, Dense",
        )

    def fix(epoch: int) -> None:
        forward.fix(0 < epoch == step.training.epochs - 1)

    objective = framework.objective_of(subject, step.teaching, "quantisation_aware")
    facts = framework.train(subject, step.layers, step.training, objective, forward=forward, before_epoch=fix)
    digests = {name: _digest(one) for name, one in forward.layers.items()}
    for one in forward.layers.values():
        one.settle()
    return Applied(
        subject.opened,
        tuple(forward.layers),
        {
            **facts,
            "activation_ranges": forward.ranges(),
            "fingerprints": _fingerprints(subject, forward),
            "integers": digests,
        },
    )


def _fingerprints(subject: Subject, forward: RoundedForward) -> dict[str, list[float]]:
    """What each ranged tensor holds for the first calibration example, so that a file's are found again."""
    if subject.calibration is None:
        return {}
    first = [np.array(array[:1], np.float32) for array in subject.calibration.inputs]
    return {name: fingerprint(values) for name, values in forward.seen(first).items()}


def _digest(one: RoundedLayer) -> str:
    return hashlib.sha256(one.integers().tobytes()).hexdigest()[:16]
