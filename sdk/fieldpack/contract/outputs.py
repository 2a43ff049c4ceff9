"""Outputs of a model: activation, labels, thresholds, units."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, model_validator

from fieldpack.contract.estimates import Estimate
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


class Sensitivity(Strict):
    """Logits of independent labels become scores by ``1 / (1 + exp(-value * clip(x, -limit, limit)))``.

    The formula of BirdNET-Analyzer (its ``flat_sigmoid``), whose limit is 15 for models up to 2.4.
    """

    value: float = Field(gt=0, description="slope; higher finds more, and more wrongly", examples=[1.0])
    limit: float = Field(gt=0, description="logits are clipped to it on both sides", examples=[15.0])


class LabelTable(Strict):
    """Labels in a CSV file with a header, one a row, in output order."""

    delimiter: Literal[",", ";", "\t"] = Field(description="between columns", examples=[";"])
    scientific: str = Field(min_length=1, description="column of scientific names", examples=["sci_name"])
    common: str | None = Field(default=None, description="column of common names", examples=["com_name"])


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
    label_format: Literal["plain", "scientific_common"] | LabelTable = Field(
        default="plain",
        description="what a line of the label file is: a label, Scientific name_Common name, or a row of CSV",
        examples=["scientific_common", {"delimiter": ";", "scientific": "sci_name", "common": "com_name"}],
    )
    skip_labels: int = Field(
        default=0,
        ge=0,
        description="leading lines of the label file without an output, such as a background row",
    )
    taxonomy: str | None = Field(
        default=None,
        description="tree of the labels: CSV with taxon,parent, or a file of iNaturalist or SpeciesNet",
        examples=["taxonomy.csv"],
    )
    unit: str | None = Field(default=None, description="unit of a linear output", examples=["metre"])
    estimate: Estimate | None = Field(
        default=None,
        description="what a linear output of one number a pixel (or an example) says of a quantity",
        examples=[{"kind": "quantile", "quantity": "canopy_height", "level": 0.05}],
    )
    threshold: float | None = Field(
        default=None,
        description="score from which a label counts as present; a sigmoid needs one",
        examples=[0.5],
    )
    thresholds: str | None = Field(
        default=None,
        description="CSV file label,threshold: a threshold for each label, an empty cell for none",
        examples=["thresholds.csv"],
    )
    refit: Literal["f1", "lpt_5"] | None = Field(
        default=None,
        description="thresholds of labels refitted on each flavour's own answers to [data.calibration]: the "
        "largest F1, or the 5th percentile at presences",
        examples=["lpt_5"],
    )
    sensitivity: Sensitivity | None = Field(
        default=None,
        description="logits are of independent labels, and become scores so; without it they are a softmax's",
        examples=[{"value": 1.0, "limit": 15.0}],
    )

    @property
    def maps(self) -> bool:
        """Whether labels have thresholds of their own, so that maps of them are drawn and compared."""
        return self.thresholds is not None or self.refit is not None

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
        if self.activation.classifies and self.estimate is not None:
            raise ValueError("only a linear output has an estimate")
        if self.taxonomy is not None and self.labels is None:
            raise ValueError("a linear output has no taxonomy")
        if self.activation is Activation.SIGMOID and self.threshold is None:
            raise ValueError("a sigmoid output needs its threshold; example: threshold = 0.5")
        if self.sensitivity is not None and self.activation is not Activation.LOGITS:
            raise ValueError(f"sensitivity is for logits; {self.activation.value} is already scores")
        independent = self.activation is Activation.SIGMOID or self.sensitivity is not None
        if (self.thresholds or self.refit) and not independent:
            raise ValueError("thresholds and refit are for a sigmoid, or for logits with a sensitivity")
        if self.sensitivity is not None and self.threshold is None:
            raise ValueError("an output with sensitivity needs its threshold; example: threshold = 0.1")
        return self
