"""What a cause reports: findings, and what it could not look at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from fieldpack.verdict import Evidence

if TYPE_CHECKING:
    from fieldpack.diagnosis.subject import Subject


class Standing(StrEnum):
    """How the search for one cause ended."""

    FOUND = "found"
    CLEAR = "clear"
    NOT_RUN = "not_run"


@dataclass(frozen=True, slots=True)
class Finding:
    """One cause at one layer.

    Attributes
    ----------
    cause : str
        A name of ``causes/_cause_list.py``.
    layer : str
        Operator, its position in the order of execution, and its output's name where the file has one.
    figure : float
        How bad it is; `says` holds its unit. Larger is worse.
    says : str
        The figure in words.
    evidence : Evidence
        ``host`` when the model ran here, ``estimated`` when it follows from the file alone.
    fix : str
        What to do.
    """

    cause: str
    layer: str
    figure: float
    says: str
    evidence: Evidence
    fix: str

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "cause": self.cause,
            "layer": self.layer,
            "figure": self.figure,
            "says": self.says,
            "evidence": self.evidence.value,
            "fix": self.fix,
        }


@dataclass(frozen=True, slots=True)
class Examined:
    """What one cause found.

    Attributes
    ----------
    findings : tuple of Finding
        Worst first.
    looked_at : str
        What was examined.
    not_run : str
        What was not, and what would make it possible; empty when nothing was left out.
    """

    findings: tuple[Finding, ...]
    looked_at: str
    not_run: str = ""

    @property
    def standing(self) -> Standing:
        """Found before not run before clear."""
        if self.findings:
            return Standing.FOUND
        return Standing.NOT_RUN if self.not_run else Standing.CLEAR


@dataclass(frozen=True, slots=True)
class Cause:
    """One known cause.

    Attributes
    ----------
    name : str
        The file in ``causes/``.
    summary : str
        One line for a reader.
    examine : callable
        Looks for it.
    """

    name: str
    summary: str
    examine: Callable[[Subject], Examined]


def worst_first(findings: list[Finding]) -> tuple[Finding, ...]:
    """Findings by falling figure; equal ones in the order of execution."""
    return tuple(sorted(findings, key=lambda finding: -finding.figure))
