"""A trial: one stage with all its numbers chosen, and what came of it."""

from __future__ import annotations

import copy
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from fieldpack.errors import SpecError
from fieldpack.latency_table.operator_work import Work
from fieldpack.search.settings import Stage, placed_teacher
from fieldpack.spec import Spec

OF_METHOD = ("ranges", "bias_correction", "rules", "mixed", "block_size", "palette_bits", "group_size")
"""Settings of a flavour that belong to its method."""


class Status(StrEnum):
    """How a trial ended."""

    DONE = "done"
    UNMEASURED = "unmeasured"
    """Made, and not measured: its estimated latency is hopeless (:mod:`fieldpack.search.estimated`)."""
    REFUSED = "refused"
    CRASHED = "crashed"
    OUT_OF_MEMORY = "out_of_memory"

    @property
    def lasting(self) -> bool:
        """Whether a repeated trial would end alike; a crash or a full memory may have been bad luck."""
        return self in (Status.DONE, Status.UNMEASURED, Status.REFUSED)


@dataclass(frozen=True, slots=True)
class Trial:
    """One stage with numbers.

    Attributes
    ----------
    number : int
        In the order of asking, from 0.
    stage : str
    numbers : dict
        Place -> chosen number.
    spec : Spec
        The spec with one flavour and the trial's recipe.
    """

    number: int
    stage: str
    numbers: dict[str, float]
    spec: Spec

    def key(self, context: Mapping[str, str]) -> str:
        """SHA-256 over everything that decides the result: recipe, flavour, source, data and tools."""
        words = self.spec.model_dump(mode="json", by_alias=True)
        decides = {name: words[name] for name in ("contract", "recipe", "flavours")}
        decides["source"] = {k: v for k, v in words["source"].items() if k not in ("path", "python_path")}
        for output in decides["contract"]["outputs"]:  # files count by what is in them: see the context
            output |= {"labels": output["labels"] is not None, "taxonomy": output["taxonomy"] is not None}
        text = json.dumps([decides, words["pack"]["seed"], dict(context)], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a trial.

    Attributes
    ----------
    status : Status
    entry : dict or None
        The flavour as the manifest would have it (``FlavourEntry``).
    evidence : dict or None
        What a bundle's ``evidence/parity.json`` would say of the flavour.
    reason : str
        Why it is not done.
    works : tuple of Work or None
        What the operators of a TFLite file have to do, whatever table there is.
    """

    status: Status
    entry: dict[str, Any] | None = None
    evidence: dict[str, Any] | None = None
    reason: str = ""
    works: tuple[Work, ...] | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "status": self.status.value,
            "entry": self.entry,
            "evidence": self.evidence,
            "reason": self.reason,
            "works": None if self.works is None else [asdict(work) for work in self.works],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Result:
        """Read what ``as_dict`` wrote; raises KeyError, TypeError or ValueError on anything else."""
        status = Status(data["status"])
        entry, evidence = data["entry"], data["evidence"]
        if status is Status.DONE and not (isinstance(entry, dict) and isinstance(evidence, dict)):
            raise ValueError("a finished trial without figures")
        works = data.get("works")  # results of earlier versions have none
        counted = None if works is None else tuple(Work(**work) for work in works)
        return cls(status, entry, evidence, str(data["reason"]), counted)


def make_trial(spec: Spec, stage: Stage, number: int, numbers: Mapping[str, float]) -> Trial:
    """The trial of a stage.

    Raises
    ------
    SpecError
        The stage's recipe or flavour is wrong, or a choice names no place.
    """
    words: dict[str, Any] = {
        "recipe": [copy.deepcopy(dict(step)) for step in stage.recipe],
        "flavour": copy.deepcopy(stage.flavour),
    }
    for place, value in numbers.items():
        _put(words, place, int(value) if stage.choices[place].whole else value, stage.name)
    flavour = {**_template(spec, words["flavour"].get("method")), **words["flavour"]}
    whole = spec.model_dump(mode="json", by_alias=True)
    whole |= {"recipe": [*whole["recipe"], *words["recipe"]], "flavours": [flavour]}
    whole["search"] = _estimate_alone(whole["search"])
    whole["budget"] = _budget_of_one(whole["budget"], flavour["name"])
    return Trial(number, stage.name, dict(numbers), _validated(whole, stage.name))


def _estimate_alone(search: dict[str, Any] | None) -> dict[str, Any] | None:
    """What a worker must know of the search: how to estimate a latency; nothing where it need not."""
    if search is None or search["estimate"] is None:
        return None
    return {name: search[name] for name in ("flavour", "stop", "estimate")}


def _budget_of_one(budget: dict[str, Any], flavour: str) -> dict[str, Any]:
    """The limits in force for one flavour, as those of every flavour."""
    own = budget["flavours"].get(flavour) or {}
    stated = {name: limit for name, limit in own.items() if limit is not None}
    return {**budget, "every": {**budget["every"], **stated}, "flavours": {}}


def choice_of(trial: Trial, result: Result, base: Path) -> dict[str, Any]:
    """What a trial adds to its spec, in words that ``with_choice`` takes; teachers relative to `base`.

    Rules that the trial found by measuring stand in the place of what asked for them: a latency measured
    again would lead to others. ``bases`` are the sizes of other flavours that limits are shares of.
    """
    words = trial.spec.model_dump(mode="json", by_alias=True)
    recipe = [placed_teacher(step, lambda path: os.path.relpath(path, base)) for step in words["recipe"]]
    flavour = words["flavours"][0]
    if flavour.get("mixed") is not None and result.entry is not None:
        flavour |= {"mixed": None, "rules": result.entry["compression"]["recipe"][1:]}
    limits = words["budget"]["every"].items()
    bases = {name: limit["base"] for name, limit in limits if isinstance(limit, dict) and limit.get("base")}
    return {"stage": trial.stage, "recipe": recipe, "flavour": flavour, "bases": bases}


def with_choice(spec: Spec, choice: Mapping[str, Any], base: Path) -> Spec:
    """The spec of the winner: that of the search, with the chosen recipe and flavour written in.

    Raises
    ------
    SpecError
        The choice does not fit this spec.
    """
    try:
        recipe = [
            placed_teacher(step, lambda path: os.path.normpath(base / path)) for step in choice["recipe"]
        ]
        flavour, stage = dict(choice["flavour"]), str(choice["stage"])
        name, bases = str(flavour["name"]), dict(choice["bases"])
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise SpecError("the choice of a search cannot be read", came=error) from error
    whole = spec.model_dump(mode="json", by_alias=True)
    whole |= {"recipe": recipe, "flavours": [flavour], "search": None}
    whole["budget"] = budget = _budget_of_one(whole["budget"], name)
    for limit, base in bases.items():
        if isinstance(budget["every"].get(limit), dict):
            budget["every"][limit]["base"] = base
    return _validated(whole, stage)


def _validated(words: dict[str, Any], stage: str) -> Spec:
    from fieldpack.model import validated

    return validated(Spec, words, f"stage {stage} of the search", SpecError)


def _template(spec: Spec, method: str | None) -> dict[str, Any]:
    """The settings of the flavour that is varied; those of its method go where a stage names another."""
    wanted = spec.search.flavour if spec.search else ""
    for flavour in spec.flavours:
        if flavour.name == wanted:
            words = flavour.model_dump(mode="json")
            other = method is not None and method != words["method"]
            return {key: value for key, value in words.items() if not (other and key in OF_METHOD)}
    raise SpecError(
        "the search varies a flavour that the spec does not have",
        came=wanted,
        allowed=", ".join(flavour.name for flavour in spec.flavours),
    )


def _put(words: dict[str, Any], place: str, value: float, stage: str) -> None:
    *path, last = place.split(".")
    target: Any = words
    try:
        for part in path:
            target = target[int(part)] if isinstance(target, list) else target[part]
        if not isinstance(target, dict):
            raise KeyError(last)
    except (KeyError, IndexError, ValueError, TypeError) as error:
        raise SpecError(
            f"a choice of stage {stage} names no place in it",
            came=place,
            allowed='such as "recipe.0.share" or "flavour.ranges.percent"',
        ) from error
    target[last] = value
