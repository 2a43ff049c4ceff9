"""What a pass gives back, and what it promises."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from fieldpack_converters.opened_source import OpenedSource


class Promise(StrEnum):
    """What holds after a pass; the runner checks it."""

    SAME_FUNCTION = "same_function"
    FEWER_PARAMETERS = "fewer_parameters"
    SAME_PARAMETERS = "same_parameters"


@dataclass(frozen=True, slots=True)
class Applied:
    """The result of one pass.

    Attributes
    ----------
    opened : OpenedSource
        The changed model, open in this process; the runner saves it.
    matched : tuple of str
        Names of the layers that it changed.
    facts : dict
        Figures for the record, plain values: losses by epoch, share of zeros, error before and after.
    """

    opened: OpenedSource
    matched: tuple[str, ...]
    facts: dict[str, Any] = field(default_factory=dict)
