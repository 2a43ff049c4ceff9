"""``[search]`` of a spec, and the stages that are tried where the spec lists none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from pydantic import Field, model_validator

from fieldpack.budget import Target
from fieldpack.model import Strict

Need = Literal["calibration", "training", "open", "download_bytes"]
"""What a stage cannot do without: data of the spec, a source whose layers can be changed, a limit without
which it cannot win."""


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
    needs: tuple[Need, ...] = Field(
        default=(),
        description="left out where the spec lacks one: data.calibration, data.training, a source that a "
        "recipe can change (Keras, PyTorch, ONNX), or a limit on download_bytes",
        examples=[["training"]],
    )
    tries: int = Field(default=1, ge=1, description="trials of a stage with open numbers", examples=[8])

    @model_validator(mode="after")
    def _one_trial_says_all(self) -> Stage:
        if self.tries > 1 and not self.choices:
            raise ValueError("tries above 1 need choices; without them every trial is the same")
        return self


class Estimate(Strict):
    """A table of latency by operator that proposes trials; it decides no verdict."""

    table: str = Field(
        min_length=1, description="file of `fieldpack bench table`", examples=["tables/pixel-6.json"]
    )
    target: Target = Field(description="the target that the table is of", examples=["adb:R58M"])
    latency_ms: float | None = Field(
        default=None,
        gt=0,
        description="most milliseconds; the budget's limit on the target where left out",
        examples=[12.0],
    )
    objective: Literal["size", "latency"] = Field(
        default="size", description="what is made small where the budget is kept", examples=["latency"]
    )


class Search(Strict):
    """How a budget is met."""

    flavour: str = Field(description="name of the flavour that is varied", examples=["tflite-int8"])
    stop: Literal["first", "pareto"] = Field(
        description="first: at the first stage that keeps the budget; pareto: try all", examples=["first"]
    )
    trials: int = Field(default=60, ge=1, description="most trials", examples=[30])
    wall_clock_s: float | None = Field(
        default=None, gt=0, description="no trial begins after so many seconds", examples=[3600]
    )
    estimate: Estimate | None = Field(default=None, description="latency on a target, told by a table")
    stages: tuple[Stage, ...] = Field(default=(), description="own stages; built-in ones where left out")

    def placed(self, place: Callable[[str], str]) -> Search:
        """With the paths of the table and of teachers made absolute."""
        update: dict[str, Any] = {"stages": tuple(_placed(stage, place) for stage in self.stages)}
        if self.estimate is not None:
            table = place(self.estimate.table)
            update["estimate"] = self.estimate.model_copy(update={"table": table})
        return self.model_copy(update=update)

    @model_validator(mode="after")
    def _names_differ(self) -> Search:
        names = [stage.name for stage in self.stages]
        double = sorted({name for name in names if names.count(name) > 1})
        if double:
            raise ValueError(f"stage names must be unique; used twice: {', '.join(double)}")
        return self


def _placed(stage: Stage, place: Callable[[str], str]) -> Stage:
    return stage.model_copy(update={"recipe": tuple(placed_teacher(step, place) for step in stage.recipe)})


def placed_teacher(step: dict[str, Any], place: Callable[[str], str]) -> dict[str, Any]:
    """A pass whose teacher, or that of its training, is another pack, with that path changed."""
    if isinstance(teaching := step.get("teaching"), dict):
        step = {**step, "teaching": placed_teacher(teaching, place)}
    teacher = step.get("teacher")
    if not isinstance(teacher, str) or teacher == "source":
        return step
    return {**step, "teacher": place(teacher)}
