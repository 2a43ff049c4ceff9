"""``[search]`` of a spec, and the stages that are tried where the spec lists none."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from fieldpack.model import Strict


class Choice(Strict):
    """A number that the search chooses."""

    low: float = Field(description="smallest", examples=[0.2])
    high: float = Field(description="largest", examples=[0.6])
    whole: bool = Field(default=False, description="whole numbers only")
    log: bool = Field(default=False, description="chosen on a logarithmic scale")

    @model_validator(mode="after")
    def _ordered(self) -> Choice:
        if self.low >= self.high or (self.log and self.low <= 0):
            raise ValueError("low must be less than high, and above 0 on a logarithmic scale")
        return self


class Stage(Strict):
    """One way of compressing: a recipe, the settings of the flavour, and numbers left open."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", description="name", examples=["pruned"])
    cost: int = Field(ge=0, description="stages of a smaller cost are tried first", examples=[5])
    recipe: tuple[dict[str, Any], ...] = Field(
        default=(), description="passes, as in [[recipe]]", examples=[[{"method": "round", "layers": ".*"}]]
    )
    flavour: dict[str, Any] = Field(
        default_factory=dict,
        description="settings that replace those of the flavour",
        examples=[{"method": "static_int8", "ranges": {"kind": "mse"}}],
    )
    choices: dict[str, Choice] = Field(
        default_factory=dict,
        description="place of an open number -> its range",
        examples=[{"recipe.0.share": {"low": 0.2, "high": 0.6}}],
    )
    tries: int = Field(default=1, ge=1, description="trials of a stage with open numbers", examples=[8])

    @model_validator(mode="after")
    def _one_trial_says_all(self) -> Stage:
        if self.tries > 1 and not self.choices:
            raise ValueError("tries above 1 need choices; without them every trial is the same")
        return self


class Search(Strict):
    """How a budget is met."""

    flavour: str = Field(description="name of the flavour that is varied", examples=["tflite-int8"])
    stop: Literal["first", "pareto"] = Field(
        description="first: at the first stage that keeps the budget; pareto: try all", examples=["first"]
    )
    trials: int = Field(default=30, ge=1, description="most trials", examples=[30])
    wall_clock_s: float | None = Field(
        default=None, gt=0, description="no trial begins after so many seconds", examples=[3600]
    )
    stages: tuple[Stage, ...] = Field(default=(), description="own stages; built-in ones where left out")

    @model_validator(mode="after")
    def _names_differ(self) -> Search:
        names = [stage.name for stage in self.stages]
        double = sorted({name for name in names if names.count(name) > 1})
        if double:
            raise ValueError(f"stage names must be unique; used twice: {', '.join(double)}")
        return self


INT8: dict[str, Any] = {"method": "static_int8", "ranges": {"kind": "mse"}, "bias_correction": True}

TFLITE_STAGES = (
    Stage(name="float16", cost=0, flavour={"method": "float16"}),
    Stage(name="dynamic", cost=1, flavour={"method": "dynamic_int8"}),
    Stage(name="static", cost=2, flavour={**INT8, "ranges": {"kind": "min_max"}, "bias_correction": False}),
    Stage(name="static-corrected", cost=3, flavour=INT8),
    Stage(
        name="static-percentile",
        cost=4,
        flavour={**INT8, "ranges": {"kind": "percentile", "percent": 99.9}},
        choices={"flavour.ranges.percent": Choice(low=99.0, high=99.999)},
        tries=4,
    ),
    Stage(name="dynamic-int4", cost=4, flavour={"method": "dynamic_int4"}),
    Stage(name="rounded", cost=5, recipe=({"method": "round", "layers": ".*", "bits": 8},), flavour=INT8),
    Stage(
        name="rounded-int4",
        cost=6,
        recipe=({"method": "round", "layers": ".*", "bits": 4},),
        flavour={"method": "dynamic_int4"},
    ),
)
"""For a TFLite flavour, cheapest first; passes that train or need a named head are the spec's to list."""
