"""``prune_channels`` of a Keras model: tied channels go together, and the model is built anew, smaller."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from fieldpack.errors import SpecError
from fieldpack.passes import PruneChannels
from fieldpack_converters.opened_source import Array
from fieldpack_converters.passes.applied import Applied
from fieldpack_converters.passes.in_keras.channels import Channels, find_channels
from fieldpack_converters.passes.in_keras.contribution import contributions, costs
from fieldpack_converters.passes.in_keras.objective import objective_of
from fieldpack_converters.passes.in_keras.training import train
from fieldpack_converters.passes.keras_rebuilding import rebuilt
from fieldpack_converters.passes.reopened import reopened
from fieldpack_converters.passes.subject import Subject
from fieldpack_converters.passes.useful_channels import PruningRound, least_useful


def apply(subject: Subject, step: PruneChannels) -> Applied:
    """Take channels out of the matching layers; layers that make an output keep theirs.

    Returns
    -------
    Applied
        ``facts``: parameters after each round, losses of the training between.

    Raises
    ------
    SpecError
        No layer that can be pruned matches, or fine-tuning lacks labels.
    UnsupportedError
        The model holds another model.
    """
    first = find_channels(subject.opened.model).outputs
    rounds: list[dict[str, Any]] = []
    whole = subject.opened.parameters
    for number in range(step.steps):
        model = _pruned(subject, step, PruningRound(step, number, whole))
        subject.opened = reopened(subject.opened, model)
        fact: dict[str, Any] = {"parameters": subject.opened.parameters}
        if step.training is not None:
            fact |= train(subject, ".*", step.training, objective_of(subject, step.teaching, "fine-tuning"))
        rounds.append(fact)
    after = find_channels(subject.opened.model).outputs
    changed = tuple(
        name
        for name, segments in after.items()
        if sum(size for _, size in segments) != sum(size for _, size in first[name])
        and type(subject.opened.model.get_layer(name)).__name__ in ("Conv2D", "Dense", "DepthwiseConv2D")
    )
    return Applied(subject.opened, changed, {"rounds": rounds})


def _pruned(subject: Subject, step: PruneChannels, now: PruningRound) -> Any:
    opened = subject.opened
    channels = find_channels(opened.model)
    choice = _choice(subject, channels, step, now)
    weights: dict[str, list[Array]] = {}

    def smaller(layer: Any) -> list[Any]:
        if layer.name not in channels.outputs or not _touched(channels, layer.name, choice):
            return [layer]
        read = channels.kept(channels.inputs[layer.name], choice)
        made = channels.kept(channels.outputs[layer.name], choice)
        weights[layer.name] = _sliced(layer, read, made)
        return [type(layer).from_config(_config(layer, len(made)))]

    model = rebuilt(opened, smaller)
    for name, values in weights.items():
        if values:
            model.get_layer(name).set_weights(values)
    return model


def _choice(subject: Subject, channels: Channels, step: PruneChannels, now: PruningRound) -> dict[int, Array]:
    """Space -> the channels that stay."""
    spaces = _spaces(channels, step)
    if step.by == "norm":
        return {space: _largest(channels, space, step, now.share) for space in spaces}
    useful = contributions(subject.opened, channels, spaces, subject.calibration_data())
    cost = costs(subject.opened, channels, spaces)
    left = subject.opened.parameters
    return least_useful(useful, cost, now.parameters(left), now.most(left), step.round_to)


def _spaces(channels: Channels, step: PruneChannels) -> list[int]:
    """Spaces all of whose makers match."""
    free = {space: makers for space, makers in channels.makers.items() if space not in channels.frozen}
    spaces = [
        space for space, makers in free.items() if all(re.search(step.layers, maker.name) for maker in makers)
    ]
    if not spaces:
        names = [maker.name for makers in free.values() for maker in makers]
        raise SpecError(
            "a pass of the recipe matches no layer whose channels can be taken out",
            came=step.layers,
            allowed=", ".join(names[:12]) or "no layer of this model",
        )
    return spaces


def _largest(channels: Channels, space: int, step: PruneChannels, share: float) -> Array:
    """The channels of the largest norm."""
    size = channels.sizes[space]
    wanted = round((1 - share) * size / step.round_to) * step.round_to
    count = min(size, max(wanted, min(step.round_to, size), 1))
    norms = sum(_norms(maker) for maker in channels.makers[space])
    kept: Array = np.sort(np.argsort(-np.asarray(norms), kind="stable")[:count])
    return kept


def _norms(layer: Any) -> Array:
    """Squared norm of each output channel's weights, relative to the layer's mean."""
    kernel = np.asarray(layer.get_weights()[0], np.float64)
    norms = (kernel.reshape(-1, kernel.shape[-1]) ** 2).sum(axis=0)
    relative: Array = norms / max(float(norms.mean()), 1e-12)
    return relative


def _touched(channels: Channels, name: str, choice: dict[int, Array]) -> bool:
    segments = (*channels.inputs[name], *channels.outputs[name])
    return any(channels.root(space) in choice for space, _ in segments)


def _config(layer: Any, size: int) -> dict[str, Any]:
    config: dict[str, Any] = layer.get_config()
    for word in ("filters", "units"):
        if word in config:
            config[word] = size
    if "target_shape" in config:
        config["target_shape"] = (*config["target_shape"][:-1], size)
    return config


def _sliced(layer: Any, read: Array, made: Array) -> list[Array]:
    """The weights of what stays; the axis of inputs is the one before the last."""
    kind, values = type(layer).__name__, layer.get_weights()
    if not values:
        return []
    if kind == "BatchNormalization":
        return [value[made] for value in values]
    kernel, *bias = values
    if kind == "DepthwiseConv2D":
        return [kernel[:, :, made], *(value[made] for value in bias)]
    return [kernel[..., read, :][..., made], *(value[made] for value in bias)]
