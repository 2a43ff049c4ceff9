"""What a file says of one tensor, in neither format's terms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Picture:
    """The tensor is a picture, of ``width`` x ``height`` pixels."""

    width: int
    height: int
    color_order: Literal["rgb", "bgr", "gray"]


@dataclass(frozen=True, slots=True)
class Sound:
    """The tensor is sound of one channel."""

    sample_rate_hz: int


@dataclass(frozen=True, slots=True)
class Normalisation:
    """``(x - mean) / std`` is what goes in, by channel, or one number for all."""

    mean: tuple[float, ...]
    std: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Calibration:
    """How scores come of the numbers of an output, label by label.

    Attributes
    ----------
    slope : float or None
        Numbers are logits, and ``1 / (1 + exp(-slope * x))`` a score; None where they are scores already.
    least : tuple of float or None
        The smallest number of each label that counts as present; infinite where none does, None where all do.
    """

    slope: float | None
    least: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class TensorFacts:
    """One input or output.

    Attributes
    ----------
    name : str
        In the contract.
    tensor : str
        Public name in the file.
    description : str
        Sentences for people.
    dimensions : tuple of str
        A name for each axis; empty where axes have none.
    content : Picture, Sound or None
        What it is, if a format has a word for it.
    normalisation : Normalisation or None
        What is done to its values before they go in.
    low, high : tuple of float
        Bounds of its values as they go in or come out, by channel or one for all; empty where unknown.
    labels : tuple of str
        One for each number of the last axis.
    threshold : float or None
        Scores below it count for nothing.
    calibration : Calibration or None
        What makes scores of the numbers, where they are none, or where each label has its threshold.
    """

    name: str
    tensor: str
    description: str
    dimensions: tuple[str, ...] = ()
    content: Picture | Sound | None = None
    normalisation: Normalisation | None = None
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    labels: tuple[str, ...] = ()
    threshold: float | None = None
    calibration: Calibration | None = None
