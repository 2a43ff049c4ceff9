"""Outputs of a model: activation, labels, thresholds, units."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, model_validator

from fieldpack.model import Strict


class Activation(StrEnum):
    """What the numbers of an output are, as the source model emits them."""

    SOFTMAX = "softmax"
    SIGMOID = "sigmoid"
    LOGITS = "logits"
    LINEAR = "linear"

    @property
    def classifies(self) -> bool:
        """Whether each number belongs to a label."""
        return self is not Activation.LINEAR


class Output(Strict):
    """One output tensor, [N, ...] float32."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,62}$")] = Field(
        description="name of the output", examples=["scores"]
    )
    activation: Activation = Field(description="what the numbers are", examples=["softmax"])
    labels: str | None = Field(
        default=None,
        description="text file, one label a line, in output order; required unless linear",
        examples=["labels.txt"],
    )
    skip_labels: int = Field(
        default=0,
        ge=0,
        description="leading lines of the label file without an output, such as a background row",
    )
    taxonomy: str | None = Field(
        default=None,
        description="CSV file with the columns taxon,parent; every label is a taxon",
        examples=["taxonomy.csv"],
    )
    unit: str | None = Field(default=None, description="unit of a linear output", examples=["metre"])
    threshold: float | None = Field(
        default=None, description="score from which a sigmoid label counts as present", examples=[0.5]
    )

    @model_validator(mode="after")
    def _complete(self) -> Output:
        if self.activation.classifies and self.labels is None:
            raise ValueError(
                f'a {self.activation.value} output needs its labels; example: labels = "labels.txt"'
            )
        if not self.activation.classifies and self.unit is None:
            raise ValueError('a linear output needs its unit; example: unit = "metre"')
        if not self.activation.classifies and self.labels is not None:
            raise ValueError("a linear output has no labels")
        if self.taxonomy is not None and self.labels is None:
            raise ValueError("a linear output has no taxonomy")
        if self.activation is Activation.SIGMOID and self.threshold is None:
            raise ValueError("a sigmoid output needs its threshold; example: threshold = 0.5")
        return self
