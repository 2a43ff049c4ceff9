"""How far a version must move for what changed: the steps of semantic versioning, read as promises to an app.

MAJOR: an app made for the old bundle may fail, or misread an answer. MINOR: it works as before, and models
answer or decide otherwise. PATCH: the same numbers for the same classes; what a class is called, and what
stands above it in a taxonomy, may be corrected. Semantic Versioning 2.0.0, whose exception for 0.y.z is not
taken: steps mean the same everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from fieldpack.errors import SpecError

FIRST_VERSION = "1.0.0"
"""Of a bundle that follows none."""


class Step(StrEnum):
    """Which part of MAJOR.MINOR.PATCH grows, the smallest first."""

    NONE = "none"
    PATCH = "patch"
    MINOR = "minor"
    MAJOR = "major"

    @property
    def height(self) -> int:
        """0 for none, 3 for major."""
        return list(Step).index(self)


def largest(steps: Iterable[Step]) -> Step:
    """The largest of some steps; none of none."""
    return max(steps, key=lambda step: step.height, default=Step.NONE)


def numbers(version: str) -> tuple[int, ...]:
    """A version by its numbers, so that 1.10.0 is above 1.9.0."""
    return tuple(int(part) for part in version.split("."))


def stepped(version: str, step: Step) -> str:
    """The least version that is so far above another.

    Parameters
    ----------
    version : str
        MAJOR.MINOR.PATCH.
    step : Step
        What must grow; none leaves it.
    """
    parts = list(numbers(version))
    if step is Step.NONE:
        return version
    place = Step.MAJOR.height - step.height
    grown = [*parts[:place], parts[place] + 1, *[0] * (len(parts) - place - 1)]
    return ".".join(str(part) for part in grown)


def derived_version(old: str, step: Step, stated: str | None) -> str:
    """The version of a bundle that follows another.

    Parameters
    ----------
    old : str
        Version of the bundle that it follows.
    step : Step
        What its changes ask for.
    stated : str or None
        What the spec says; a higher version than needed stands.

    Raises
    ------
    SpecError
        The stated version is lower than the changes ask for.
    """
    least = stepped(old, step)
    if stated is None:
        return least
    if numbers(stated) < numbers(least):
        raise SpecError(
            f"the version of the spec is too low for a {step.value} change"
            if step is not Step.NONE
            else "the version of the spec is lower than the baseline's",
            came=stated,
            allowed=f"{least} or above, after {old}",
            hint="leave `version` out of [pack] and it is derived; `fieldpack diff` says what changed",
        )
    return stated
