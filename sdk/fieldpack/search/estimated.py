"""Latency of a trial by a table: it proposes trials, leaves hopeless ones unmeasured, and decides no verdict.

A file's work is counted as soon as it is made. Where even a table that is as far off as it ever was puts it
beyond the limit, its losses are not measured; all others are, and the limit of the budget is held by the gate
against runs on the target alone (``not_run`` without one).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fieldpack.bundle.digest import sha256_file
from fieldpack.errors import SpecError, UnsupportedError
from fieldpack.latency_table.operator_work import Work
from fieldpack.latency_table.table import LatencyTable, read_table
from fieldpack.spec import Spec, TfliteFlavour
from fieldpack.verdict import Evidence, Figure


@dataclass(frozen=True, slots=True)
class Estimated:
    """What a table says of a file.

    Attributes
    ----------
    figure : Figure
        Milliseconds; without a value where the table cannot say.
    limit : float or None
        Most milliseconds.
    aimed : bool
        Whether a smaller latency counts before a smaller file.
    reason : str
        Why there is no value.
    """

    figure: Figure
    limit: float | None
    aimed: bool
    reason: str = ""

    @property
    def name(self) -> str:
        """Of the figure, as the budget calls it."""
        return self.figure.name

    @property
    def milliseconds(self) -> float:
        """The value; infinite where the table cannot say."""
        return math.inf if self.figure.value is None else self.figure.value

    @property
    def hopeless(self) -> bool:
        """Whether it is beyond the limit however far off the table ever was."""
        return self.limit is not None and self.figure.low is not None and self.figure.low > self.limit

    @property
    def excess(self) -> float:
        """How far the value is beyond the limit, relative to it; 1 where the table cannot say."""
        if self.limit is None:
            return 0.0
        return 1.0 if self.figure.value is None else max(0.0, self.figure.value / self.limit - 1)

    @property
    def words(self) -> str:
        """For people."""
        figure, wanted = self.figure, "" if self.limit is None else f", wanted <= {self.limit:.4g}"
        if figure.value is None:
            return f"{self.name} not estimated{wanted}: {self.reason}"
        return f"{self.name} {figure.value:.4g} ({figure.low:.4g} to {figure.high:.4g}){wanted}: estimated"

    def as_dict(self) -> dict[str, Any]:
        """For the record of the search."""
        return {"figure": self.figure.as_dict(), "limit": self.limit, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Estimator:
    """A table, and what is wanted of it.

    Attributes
    ----------
    table : LatencyTable
    digest : str
        SHA-256 of its file.
    limit : float or None
        Most milliseconds.
    aimed : bool
        Whether a smaller latency counts before a smaller file.
    """

    table: LatencyTable
    digest: str
    limit: float | None
    aimed: bool

    def told(self, works: Sequence[Work]) -> Estimated:
        """The estimate of a file by the work of its operators."""
        try:
            return Estimated(self.table.figure(works), self.limit, self.aimed)
        except UnsupportedError as error:
            unknown = Figure(self.table.figure_name, None, "ms", Evidence.NOT_RUN)
            return Estimated(unknown, self.limit, self.aimed, f"{error.what}, {error.came}")

    def as_dict(self) -> dict[str, Any]:
        """For the record of the search."""
        return {
            "target": self.table.target,
            "runner": self.table.runner.model_dump(mode="json"),
            "table": self.digest,
            "error": self.table.error,
            "limit": self.limit,
            "objective": "latency" if self.aimed else "size",
        }


def estimator_of(spec: Spec) -> Estimator | None:
    """What ``[search.estimate]`` of a spec asks for; None where it asks for nothing.

    Raises
    ------
    InputError
        The table cannot be read or is of another target.
    SpecError
        The flavour that is varied is no TFLite flavour.
    """
    search = spec.search
    if search is None or search.estimate is None:
        return None
    wanted = search.estimate
    flavour = next((item for item in spec.flavours if item.name == search.flavour), None)
    if not isinstance(flavour, TfliteFlavour):
        raise SpecError(
            "[search.estimate] tells the latency of TFLite flavours", came=search.flavour,
            hint="leave it out",
        )  # fmt: skip
    table = read_table(Path(wanted.table))
    table.check_target(wanted.target)
    limit = wanted.latency_ms
    if limit is None:
        stated = spec.budget.limits_of(search.flavour).get(table.figure_name)
        limit = float(stated) if isinstance(stated, int | float) else None
    return Estimator(table, sha256_file(Path(wanted.table)), limit, wanted.objective == "latency")
