"""``quantisation_aware`` of a PyTorch module: trains under the rounding of the int8 file."""

from __future__ import annotations

import hashlib

import numpy as np

from fieldpack.errors import SpecError
from fieldpack.passes import QuantisationAware
from fieldpack_converters.passes.applied import Applied
from fieldpack_converters.passes.in_torch.objective import objective_of
from fieldpack_converters.passes.in_torch.quantised_forward import QuantisedForward
from fieldpack_converters.passes.in_torch.quantised_layers import KINDS, QuantisedLayer, roundable
from fieldpack_converters.passes.in_torch.training import train
from fieldpack_converters.passes.subject import Subject
from fieldpack_converters.trained_ranges import fingerprint


def apply(subject: Subject, step: QuantisationAware) -> Applied:
    """Train the matching layers under 8-bit rounding; a plain float model is left.

    Batch norms keep their running statistics. Ranges are watched in every epoch but the last.

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
        The module cannot be traced, or holds weights of a kind that is not covered.
    """
    forward = QuantisedForward(subject.opened, step.layers)
    if not forward.layers:
        raise SpecError(
            "a pass of the recipe matches no layer whose weights can be 8-bit",
            came=step.layers,
            allowed=", ".join(roundable(subject.opened.model)[:12]) or KINDS,
        )

    def fix(epoch: int) -> None:
        forward.fixed = 0 < epoch == step.training.epochs - 1

    objective = objective_of(subject, step.teaching, "quantisation_aware")
    facts = train(subject, step.layers, step.training, objective, forward=forward, before_epoch=fix)
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


def _fingerprints(subject: Subject, forward: QuantisedForward) -> dict[str, list[float]]:
    """What each ranged tensor holds for the first calibration example, so that a file's are found again."""
    if subject.calibration is None:
        return {}
    first = [np.array(array[:1], np.float32) for array in subject.calibration.inputs]
    return {name: fingerprint(values) for name, values in forward.seen(first).items()}


def _digest(one: QuantisedLayer) -> str:
    return hashlib.sha256(one.integers().tobytes()).hexdigest()[:16]
