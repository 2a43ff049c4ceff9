"""What a rule is, and what it finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """What a finding means for the directory.

    * ``error``: it does not load on a platform, or loads and answers wrongly in silence;
    * ``warning``: it loads, and something else than intended happens or an app must be changed;
    * ``note``: it works as it is, and a reader should know.
    """

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


FINE = "loads; nothing changes"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes
    ----------
    id : str
        Stable word that CI scripts name.
    severity : Severity
        What a finding means.
    looks_at : str
        What the rule demands, one sentence.
    android, ios : str
        What happens there when it is broken.
    remedy : str
        What to do.
    """

    id: str
    severity: Severity
    looks_at: str
    android: str
    ios: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that a file breaks.

    Attributes
    ----------
    rule : Rule
        Which.
    file : str
        Path inside the directory; ``.`` for the directory itself.
    message : str
        What was found, one sentence.
    line : int or None
        Line of a text file, from 1.
    """

    rule: Rule
    file: str
    message: str
    line: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain data, the rule's words with it."""
        return {
            "rule": self.rule.id,
            "severity": self.rule.severity.value,
            "file": self.file,
            "line": self.line,
            "message": self.message,
            "android": self.rule.android,
            "ios": self.rule.ios,
            "remedy": self.rule.remedy,
        }


def listed(items: list[str] | list[int], most: int = 5) -> str:
    """The first few of many, and how many more there are."""
    shown = ", ".join(str(item) for item in items[:most])
    return shown if len(items) <= most else f"{shown} and {len(items) - most} more"
