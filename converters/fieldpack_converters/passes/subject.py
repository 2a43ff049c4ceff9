"""What a pass works on: an open model, the data that it may use, and a place for files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from fieldpack.errors import SpecError
from fieldpack.spec import SourceKind
from fieldpack_converters.opened_source import Array, OpenedSource
from fieldpack_converters.source import loaded_inputs

Report = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Examples:
    """One data set as the source model is fed.

    Attributes
    ----------
    inputs : list of ndarray
        One float32 [N, ...] an input, scaled, in the source's own layout, mapped from disk.
    labels : ndarray or None
        int64 [N], -1 where unlabelled.
    """

    inputs: list[Array]
    labels: Array | None

    def __len__(self) -> int:
        return int(self.inputs[0].shape[0])

    @classmethod
    def from_words(cls, opened: OpenedSource, words: dict[str, Any] | None) -> Examples | None:
        """Read ``{"inputs": {index: .npy}, "labels": .npy | None}``; None stays None."""
        if words is None:
            return None
        labels = None if words.get("labels") is None else np.load(words["labels"], allow_pickle=False)
        return cls(loaded_inputs(opened.inputs, words["inputs"]), labels)


@dataclass(slots=True)
class Subject:
    """A model on its way through a recipe; a pass reads it and puts its result in ``opened``.

    Attributes
    ----------
    opened : OpenedSource
        The model as the pass before left it.
    original : OpenedSource
        The model that the server team handed over; the teacher called ``source``.
    teachers : dict
        Name in the spec -> function from input arrays to the first output [N, ...], logits or activated
        as the contract says.
    activation : str
        Of the first output, a word of ``fieldpack.contract.Activation``.
    taxonomy : ndarray or None
        float32 [C, C], how near two classes are (1 on the diagonal), from the contract's taxonomy.
    masks : dict
        Layer name -> bool [outputs, inputs, *kernel], False where ``prune_weights`` placed a zero; see
        ``zeros.py``.
    """

    opened: OpenedSource
    original: OpenedSource
    training: Examples | None
    calibration: Examples | None
    activation: str
    seed: int
    folder: Path
    report: Report
    teachers: dict[str, Callable[[list[Array]], Array]] = field(default_factory=dict)
    taxonomy: Array | None = None
    masks: dict[str, Array] = field(default_factory=dict)

    @property
    def is_torch(self) -> bool:
        """Whether the model is a ``torch.nn.Module``; else it is a Keras model of either library."""
        return self.opened.kind.is_torch

    @property
    def is_legacy_keras(self) -> bool:
        """Whether the model belongs to ``tf_keras``."""
        return self.opened.kind is SourceKind.KERAS_LEGACY

    def training_data(self) -> Examples:
        """The training examples.

        Raises
        ------
        SpecError
            The spec has none.
        """
        return _demanded(self.training, "training")

    def calibration_data(self) -> Examples:
        """The calibration examples.

        Raises
        ------
        SpecError
            The spec has none.
        """
        return _demanded(self.calibration, "calibration")


def _demanded(examples: Examples | None, name: str) -> Examples:
    if examples is None:
        raise SpecError(
            f"a pass of the recipe needs [data.{name}]", hint=f"name the {name} data in pack.toml"
        )
    return examples
