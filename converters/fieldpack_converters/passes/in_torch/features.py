"""Teaching by what is inside: outputs of modules that the source and the student share.

Romero et al. 2015, "FitNets: hints for thin deep nets". Every place of every example teaches, so that few
examples go a long way; the modules named must have kept the shape of their output, such as residual blocks
whose insides were pruned.
"""

from __future__ import annotations

import re
from typing import Any

from fieldpack.errors import SpecError
from fieldpack.passes import Features
from fieldpack_converters.passes.in_torch.training import Objective
from fieldpack_converters.passes.subject import Subject
from fieldpack_converters.passes.views import Batch

SMALLEST = 1e-6
"""Added to a module's variance: a module that always says the same teaches nothing."""


def with_features(subject: Subject, features: Features, plain: Objective) -> Objective:
    """An objective whose loss adds the distance of inner outputs, caught as both models answer.

    Parameters
    ----------
    plain : Objective
        Of the answers; its loss asks the source.

    Raises
    ------
    SpecError
        No module matches.
    """
    names = _shared(subject, features)
    ours: dict[str, Any] = {}
    theirs: dict[str, Any] = {}
    hooks = [*_caught(subject.opened.model, names, ours), *_caught(subject.original.model, names, theirs)]

    def loss(outputs: list[Any], batch: Batch) -> Any:
        value = plain.loss(outputs, batch)
        inner = [_distance(name, ours[name], theirs[name]) for name in names]
        return value + features.weight * sum(inner) / len(names)

    return Objective(loss, plain.targets, tuple(hooks))


def _shared(subject: Subject, features: Features) -> list[str]:
    ours, theirs = (
        [name for name, _ in opened.model.named_modules() if name]
        for opened in (subject.opened, subject.original)
    )
    names = [name for name in theirs if name in set(ours) and re.search(features.layers, name)]
    if not names:
        raise SpecError(
            "features match no module of both the source and the student",
            came=features.layers,
            allowed=", ".join(theirs[:12]),
        )
    return names


def _caught(module: Any, names: list[str], into: dict[str, Any]) -> list[Any]:
    def keep(name: str) -> Any:
        return lambda layer, inputs, output: into.__setitem__(name, output)

    modules = dict(module.named_modules())
    return [modules[name].register_forward_hook(keep(name)) for name in names]


def _distance(name: str, ours: Any, theirs: Any) -> Any:
    """Mean squared difference over the mean variance of the source's channels."""
    if ours.shape != theirs.shape:
        raise SpecError(
            "a module named in features has another shape than in the source",
            came=f"{name} {tuple(ours.shape[1:])} for {tuple(theirs.shape[1:])}",
            hint="name modules whose channels were not taken out",
        )
    theirs = theirs.detach()
    channels = theirs.transpose(0, 1).reshape(theirs.shape[1], -1)
    return ((ours - theirs) ** 2).mean() / (channels.var(dim=1, unbiased=False).mean() + SMALLEST)
