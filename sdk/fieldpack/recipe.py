"""Recipes: compression as data.

A recipe is an ordered list of rules "method X on layers Y"; a later rule wins; a rule
that matches nothing is an error, raised by the pass that applies it.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, field_validator

from fieldpack.model import Strict


class Method(StrEnum):
    """What happens to the weights and activations of the layers that a rule matches."""

    FLOAT32 = "float32"
    FLOAT16 = "float16"
    DYNAMIC_INT8 = "dynamic_int8"
    DYNAMIC_INT4 = "dynamic_int4"
    STATIC_INT8 = "static_int8"
    WEIGHT_INT8 = "weight_int8"
    WEIGHT_INT4 = "weight_int4"
    PALETTE = "palette"

    @property
    def quantises(self) -> bool:
        """Whether integers replace floats somewhere."""
        return self not in (Method.FLOAT32, Method.FLOAT16)

    @property
    def weights_only(self) -> bool:
        """Whether it changes how weights are stored, and no activation."""
        return self in (Method.WEIGHT_INT8, Method.WEIGHT_INT4, Method.PALETTE)

    @property
    def calibrates(self) -> bool:
        """Whether activation ranges from calibration data are needed."""
        return self is Method.STATIC_INT8


class Rule(Strict):
    """One line of a recipe."""

    method: Method = Field(description="what is done", examples=["static_int8"])
    layers: str = Field(
        min_length=1,
        description="regular expression searched in the names of the tensors that an operator writes",
        examples=[".*", "Softmax|logits"],
    )
    operators: tuple[str, ...] | None = Field(
        default=None, description="operator types the rule is limited to", examples=[["CONV_2D"]]
    )

    @field_validator("layers")
    @classmethod
    def _compiles(cls, layers: str) -> str:
        try:
            re.compile(layers)
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        return layers


class MinMax(Strict):
    """True smallest and largest value over all calibration samples."""

    kind: Literal["min_max"]


class Percentile(Strict):
    """Symmetric percentile of all calibration values; the rest saturates."""

    kind: Literal["percentile"]
    percent: float = Field(gt=50, le=100, description="share of values kept inside", examples=[99.99])


class MeanSquaredError(Strict):
    """The range with the smallest mean squared quantisation error over a histogram."""

    kind: Literal["mse"]


class Mixed(Strict):
    """A method for each layer by its sensitivity: the least loss under a size, and a latency where asked."""

    methods: tuple[Method, ...] = Field(
        min_length=1,
        description="methods to choose from, beside float32",
        examples=[["dynamic_int8", "dynamic_int4"]],
    )
    share: float = Field(
        gt=0, le=1, description="largest sum of stored weights, share of their float32 bytes", examples=[0.2]
    )
    latency_ms: float | None = Field(
        default=None,
        gt=0,
        description="largest sum of operator latencies, measured on the machine that builds",
        examples=[12.0],
    )
    examples: int = Field(
        default=128, ge=1, description="calibration examples that are compared", examples=[128]
    )


class Trained(Strict):
    """The ranges of the recipe's ``quantisation_aware``; true minima and maxima where it saw none."""

    kind: Literal["trained"]


Ranges = Annotated[MinMax | Percentile | MeanSquaredError, Field(discriminator="kind")]
TfliteRanges = Annotated[MinMax | Percentile | MeanSquaredError | Trained, Field(discriminator="kind")]
