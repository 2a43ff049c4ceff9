"""Batches of training examples: seeded order, augmented views, mixed pairs, and the targets of labels."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from fieldpack.errors import SpecError
from fieldpack.passes import Training
from fieldpack_converters.opened_source import Array
from fieldpack_converters.passes.subject import Examples, Subject


@dataclass(frozen=True, slots=True)
class Batch:
    """One step's views.

    Attributes
    ----------
    inputs : list of ndarray
        float32 [n, ...] an input.
    targets : ndarray or None
        float32 [n, C], each row adds up to 1, or to 0 where there is no label.
    """

    inputs: list[Array]
    targets: Array | None


def steps_of(examples: Examples, training: Training) -> int:
    """Steps that the whole training takes."""
    return training.epochs * -(-len(examples) // training.batch)


def rate_at(done: int, whole: int, training: Training) -> float:
    """The learning rate of a step: rises in a line for ``warm_up`` epochs, then falls as a cosine to zero.

    Parameters
    ----------
    done, whole : int
        Steps before this one, and of the whole training.
    """
    rise = whole * training.warm_up / training.epochs
    if done < rise:
        return training.learning_rate * (done + 1) / (rise + 1)
    return training.learning_rate * 0.5 * (1 + math.cos(math.pi * (done - rise) / (whole - rise)))


def batches(
    examples: Examples, training: Training, layout: str, targets: Array | None, generator: np.random.Generator
) -> Iterator[Batch]:
    """One epoch in a new order; the last batch takes in what is left.

    Parameters
    ----------
    layout : str
        ``NCHW`` or ``NHWC``, of inputs with four axes.
    targets : ndarray or None
        [N, C] from ``label_targets``.
    """
    order = generator.permutation(len(examples))
    for start in range(0, len(order), training.batch):
        rows = np.sort(order[start : start + training.batch])  # sorted: the arrays are mapped from disk
        inputs = [_view(np.array(a[rows], np.float32), training, layout, generator) for a in examples.inputs]
        chosen = None if targets is None else targets[rows]
        yield _mixed(inputs, chosen, training.mixup, generator)


def _view(values: Array, training: Training, layout: str, generator: np.random.Generator) -> Array:
    """Each picture cropped, mirrored and shifted by itself; the border is repeated."""
    if values.ndim != 4:
        return values
    rows, columns = (2, 3) if layout == "NCHW" else (1, 2)
    if training.crop is not None:
        for picture in values if layout == "NHWC" else values.transpose(0, 2, 3, 1):
            picture[...] = _cropped(picture, training.crop, generator)
    if training.flip:
        turned = generator.random(len(values)) < 0.5
        values[turned] = np.flip(values[turned], columns)
    for axis in (rows, columns) if training.shift else ():
        size = values.shape[axis]
        most = int(training.shift * size)
        for number, offset in enumerate(generator.integers(-most, most + 1, len(values))):
            places = np.clip(np.arange(size) + offset, 0, size - 1)
            values[number] = np.take(values[number], places, axis - 1)
    return values


def _cropped(picture: Array, smallest: float, generator: np.random.Generator) -> Array:
    """A random part of at least `smallest` of the area, as large as the picture again; bilinear.

    The sides differ by a factor of at most 4 / 3, as in Szegedy et al. 2015.
    """
    share = np.sqrt(generator.uniform(smallest, 1.0))
    stretch = np.exp(generator.uniform(-0.5, 0.5) * np.log(4 / 3))
    for axis, part in enumerate((min(1.0, share * stretch), min(1.0, share / stretch))):
        size = picture.shape[axis]
        start = generator.uniform(0.0, 1.0 - part) * size
        picture = _resampled(picture, axis, start + (np.arange(size) + 0.5) * part - 0.5)
    return picture


def _resampled(picture: Array, axis: int, places: Array) -> Array:
    """Values at fractional places of an axis, between their two neighbours."""
    last = picture.shape[axis] - 1
    before = np.clip(np.floor(places).astype(np.int64), 0, last)
    after = np.minimum(before + 1, last)
    share = np.clip(places - before, 0.0, 1.0).astype(np.float32)
    share = share.reshape((-1,) + (1,) * (picture.ndim - 1 - axis))
    result: Array = np.take(picture, before, axis) * (1 - share) + np.take(picture, after, axis) * share
    return result


def _mixed(inputs: list[Array], targets: Array | None, alpha: float, generator: np.random.Generator) -> Batch:
    """Mixup (Zhang et al. 2018): each example blended with another, its target as well."""
    if not alpha:
        return Batch(inputs, targets)
    share = np.float32(generator.beta(alpha, alpha))
    partner = generator.permutation(len(inputs[0]))
    blended = [share * values + (1 - share) * values[partner] for values in inputs]
    return Batch(blended, None if targets is None else share * targets + (1 - share) * targets[partner])


def label_targets(
    labels: Array | None, classes: int, nearness: Array | None = None, weight: float = 0.0
) -> Array | None:
    """What a perfect answer would be, [N, C]; rows of zeros where there is no label.

    Parameters
    ----------
    nearness : ndarray, optional
        [C, C] from the taxonomy.
    weight : float
        Share of each label that goes to its relatives, by nearness.

    Raises
    ------
    SpecError
        A label is no class of the output, or a taxonomy is asked for and not there.
    """
    if labels is None:
        return None
    if labels.max(initial=-1) >= classes:
        raise SpecError(
            "a label is no class of the model", came=int(labels.max()), allowed=f"0 to {classes - 1}"
        )
    ideal = np.eye(classes, dtype=np.float32)
    if weight:
        if nearness is None:
            raise SpecError("taxonomy_weight needs a taxonomy", hint="name it in [[contract.outputs]]")
        near = nearness * (1 - ideal)
        sums = near.sum(axis=1, keepdims=True)
        spread = np.divide(near, sums, out=np.zeros_like(near), where=sums > 0)
        ideal = (1 - weight * (sums > 0)) * ideal + weight * spread
    targets: Array = ideal[np.maximum(labels, 0)].astype(np.float32)
    targets[labels < 0] = 0
    return targets


def training_targets(subject: Subject, nearness_weight: float = 0.0) -> Array | None:
    """Targets of the training examples for the first output."""
    classes = int(subject.opened.outputs[0].shape[-1] or 0)
    return label_targets(subject.training_data().labels, classes, subject.taxonomy, nearness_weight)


def demand_labels(targets: Array | None, method: str) -> Array:
    """The targets.

    Raises
    ------
    SpecError
        There are none.
    """
    if targets is None or not targets.any():
        raise SpecError(
            f"{method} needs labelled training examples", hint="give [data.training] a label_column"
        )
    return targets
