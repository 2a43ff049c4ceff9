"""LiteRT's table of operators, read: what ran in which order, for how long, and by whose kernels.

Times have three decimals of a millisecond, so that small operators say 0; they show proportions. XNNPACK
names its own operators with ``Delegate/`` before them, the builtin kernels are marked ``[Builtin]``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

TITLE = re.compile(r"=+ Run Order =+")
ROW = re.compile(
    r"\s*(?P<name>\S.*?)\s+(?P<start>[\d.]+)\s+(?P<first>[\d.]+)\s+(?P<average>[\d.]+)\s+[\d.]+%\s+[\d.]+%"
    r"\s+[\d.]+\s+(?P<times>\d+)\s+\[(?P<by>\w+)\]:\d+"
)


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """One operator that ran.

    Attributes
    ----------
    name : str
        As the kernels name it.
    average_ms : float or None
        Milliseconds of one run; None where they were emulated.
    delegated : bool
        XNNPACK ran it.
    """

    name: str
    average_ms: float | None
    delegated: bool


def parse_profile(text: str) -> tuple[ProfileRow, ...]:
    """The rows of the table ``Run Order``, in that order.

    Parameters
    ----------
    text : str
        LiteRT's summary.

    Raises
    ------
    ValueError
        There is no such table, or a line of it is no row.
    """
    lines = text.splitlines()
    begin = next((index for index, line in enumerate(lines) if TITLE.fullmatch(line)), None)
    if begin is None:
        raise ValueError(f"no table of operators in {text[:200]!r}")
    rows = []
    for line in lines[begin + 2 :]:
        if not line.strip():
            break
        found = ROW.fullmatch(line)
        if found is None:
            raise ValueError(f"{line.strip()!r} is no row of a table of operators")
        rows.append(
            ProfileRow(
                found["name"].removeprefix("Delegate/"), float(found["average"]), found["by"] == "Delegate"
            )
        )
    if not rows:
        raise ValueError("the table of operators is empty")
    return tuple(rows)
