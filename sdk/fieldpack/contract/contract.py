"""The contract itself: inputs and outputs under unique names."""

from __future__ import annotations

from pydantic import Field, model_validator

from fieldpack.contract.inputs import Input
from fieldpack.contract.outputs import Output
from fieldpack.model import Strict


class Contract(Strict):
    """What goes into a model and what comes out.

    Inputs and outputs stand in the order of the source model's.
    """

    inputs: tuple[Input, ...] = Field(min_length=1, description="one table a model input")
    outputs: tuple[Output, ...] = Field(min_length=1, description="one table a model output")

    @model_validator(mode="after")
    def _unique(self) -> Contract:
        names = [item.name for item in self.inputs] + [item.name for item in self.outputs]
        double = sorted({name for name in names if names.count(name) > 1})
        if double:
            raise ValueError(f"names must be unique over inputs and outputs; used twice: {', '.join(double)}")
        return self
