"""What an app team accepts of an update, as a checked-in file, held against a difference.

::

    schema = 1
    max_step = "minor"
    forbid = ["labels.removed", "requires.*", "version.*"]
    max_update_bytes = 3_000_000
    max_flips = 0.05
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field, field_validator, model_validator

from fieldpack.difference.answers import AnswerDifference
from fieldpack.difference.bundles import BundleDifference
from fieldpack.difference.change import RULES
from fieldpack.difference.version_step import Step
from fieldpack.errors import InputError, SpecError
from fieldpack.model import Strict, validated

POLICY_SCHEMA = 1
ANY = ".*"


class Policy(Strict):
    """What an update may do; what is not stated is allowed."""

    schema_version: int = Field(alias="schema", description="version of this file's schema", examples=[1])
    max_step: Step | None = Field(
        default=None, description="largest step that the changes may ask for", examples=["minor"]
    )
    forbid: tuple[str, ...] = Field(
        default=(),
        description="rules that no change may fall under, or CATEGORY.* for all of one",
        examples=[["labels.removed", "requires.*"]],
    )
    max_update_bytes: int | None = Field(
        default=None,
        ge=0,
        description="changed files that a phone downloads with any flavour, after deflate",
        examples=[3_000_000],
    )
    max_flips: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="share of examples whose top answer may change, on any flavour",
        examples=[0.05],
    )

    @model_validator(mode="after")
    def _known_schema(self) -> Policy:
        if self.schema_version != POLICY_SCHEMA:
            raise ValueError(f"schema {self.schema_version} is not known; this version reads {POLICY_SCHEMA}")
        return self

    @field_validator("forbid")
    @classmethod
    def _known_rules(cls, rules: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [rule for rule in rules if not forbidden_rules(rule)]
        if unknown:
            raise ValueError(f"unknown rule {', '.join(unknown)}; allowed: {', '.join(RULES)}, or CATEGORY.*")
        return rules


@dataclass(frozen=True, slots=True)
class Breach:
    """One thing that a policy does not allow.

    Attributes
    ----------
    rule : str
        The field of the policy, or the rule that it forbids.
    where : str
        What breaks it.
    came, allowed : str
        What is there, and what may be.
    """

    rule: str
    where: str
    came: str
    allowed: str

    def as_dict(self) -> dict[str, str]:
        """Plain data."""
        return {name: getattr(self, name) for name in self.__slots__}


def load_policy(path: Path) -> Policy:
    """Read a policy file.

    Raises
    ------
    SpecError
        The file is missing, is not TOML, a field is unknown or wrong, or it forbids an unknown rule.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SpecError("the policy file cannot be read", came=f"{path}: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SpecError(f"{path} is not TOML: {error}") from error
    return validated(Policy, values, str(path), SpecError)


def forbidden_rules(word: str) -> tuple[str, ...]:
    """The rules that a word of `forbid` names; none for an unknown one."""
    if word.endswith(ANY):
        return tuple(rule for rule in RULES if rule.startswith(word.removesuffix("*")))
    return (word,) if word in RULES else ()


def breaches(policy: Policy, difference: BundleDifference) -> tuple[Breach, ...]:
    """Everything in a difference that a policy does not allow.

    Raises
    ------
    InputError
        A limit is set on something that was not measured.
    """
    return (
        *_step_breaches(policy, difference),
        *_forbidden(policy, difference),
        *_update_breaches(policy, difference),
        *_flip_breaches(policy, difference),
    )


def _step_breaches(policy: Policy, difference: BundleDifference) -> Iterator[Breach]:
    limit = policy.max_step
    if limit is not None and difference.step.height > limit.height:
        for change in difference.changes:
            if change.step.height > limit.height:
                yield Breach("max_step", f"{change.rule} {change.where}", change.step.value, limit.value)


def _forbidden(policy: Policy, difference: BundleDifference) -> Iterator[Breach]:
    rules = {rule for word in policy.forbid for rule in forbidden_rules(word)}
    for change in difference.changes:
        if change.rule in rules:
            yield Breach(change.rule, change.where, f"{change.old} -> {change.new}", "none")


def _update_breaches(policy: Policy, difference: BundleDifference) -> Iterator[Breach]:
    limit = policy.max_update_bytes
    if limit is None:
        return
    if not difference.updates:
        raise InputError("a policy limits the update, and its cost was not measured", came="max_update_bytes")
    for cost in difference.updates[1:]:
        if cost.changed_bytes > limit:
            yield Breach("max_update_bytes", cost.subject, f"{cost.changed_bytes} bytes", f"{limit} bytes")


def _flip_breaches(policy: Policy, difference: BundleDifference) -> Iterator[Breach]:
    limit = policy.max_flips
    if limit is None:
        return
    counted = [item for item in difference.told_answers if item.count and item.ranks]
    if not counted:
        raise InputError(
            "a policy limits flips, and no example in common has a top answer",
            came="max_flips",
            hint="give the evaluation data with --data, or leave max_flips out",
        )
    for item in counted:
        if len(item.flips) > limit * item.count:
            yield _flip_breach(item, limit)


def _flip_breach(item: AnswerDifference, limit: float) -> Breach:
    share = f"{len(item.flips)} of {item.count}"
    return Breach("max_flips", f"{item.output} of {item.flavour}", share, f"{100 * limit:g} %")
