"""The table of a target: operator and number format -> milliseconds by size, with its own error.

The error is that of leaving one model out: each model's time as a table says it that was fitted to the
others. Models that resemble each other make it look smaller than it is for a model like none of them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Literal

from pydantic import Field, model_validator

from fieldpack.budget import Target
from fieldpack.errors import InputError, UnsupportedError
from fieldpack.latency_table.operator_work import Work, work_of
from fieldpack.model import Strict, validated
from fieldpack.placement import place_file
from fieldpack.records.record import Runner, Sha256
from fieldpack.tflite.file import open_model
from fieldpack.verdict import Evidence, Figure

SCHEMA = "fieldpack-latency-table/1"
FEWEST_MODELS = 5
MEGA = 1e6


class Row(Strict):
    """What an operator takes in a number format; the three parts add up."""

    operator: str = Field(min_length=1)
    number_format: str
    occurrences: int = Field(ge=1, description="in the models of the fit")
    each_ms: float = Field(ge=0, description="whatever its size")
    mega_mac_ms: float = Field(ge=0, description="for a million multiply-accumulates")
    megabyte_ms: float = Field(ge=0, description="for a million bytes read and written")

    @property
    def key(self) -> tuple[str, str]:
        """What it is found by."""
        return self.operator, self.number_format

    def milliseconds(self, work: Work) -> float:
        """Time of one operator, ms."""
        computed = self.mega_mac_ms * work.multiply_accumulates / MEGA
        return self.each_ms + computed + self.megabyte_ms * work.bytes_moved / MEGA


class FittedModel(Strict):
    """A model of the fit."""

    name: str = Field(min_length=1)
    digest: Sha256
    measured_ms: float = Field(gt=0)
    left_out_ms: float | None = Field(
        default=None, gt=0, description="by a fit to the others; absent where they lack one of its operators"
    )

    @property
    def ratio(self) -> float | None:
        """Estimate through time, or time through estimate, whichever is larger; at least 1."""
        if self.left_out_ms is None:
            return None
        return max(self.left_out_ms / self.measured_ms, self.measured_ms / self.left_out_ms)


class LatencyTable(Strict):
    """A table of one target."""

    schema_version: Literal["fieldpack-latency-table/1"] = Field(alias="schema")
    target: Target
    runner: Runner
    run_ms: float = Field(ge=0, description="of every run, whatever the model")
    rows: tuple[Row, ...] = Field(min_length=1)
    models: tuple[FittedModel, ...] = Field(min_length=FEWEST_MODELS)

    @model_validator(mode="after")
    def _whole(self) -> LatencyTable:
        if len({row.key for row in self.rows}) < len(self.rows):
            raise ValueError("an operator stands twice in the table")
        if len({model.digest for model in self.models}) < len(self.models):
            raise ValueError("a model stands twice in the table")
        if len(self.ratios) < FEWEST_MODELS:
            raise ValueError(
                f"{len(self.ratios)} of {len(self.models)} models are estimated by the others, fewer than "
                f"{FEWEST_MODELS}: the table's error is unknown"
            )
        return self

    @property
    def ratios(self) -> tuple[float, ...]:
        """Errors of the models that the others estimate, least first."""
        return tuple(sorted(model.ratio for model in self.models if model.ratio is not None))

    @property
    def error(self) -> str:
        """The table's own error, in words."""
        return (
            f"each of {len(self.ratios)} models estimated by a fit to the others: off by a factor of "
            f"{median(self.ratios):.2f} in the middle, {self.ratios[-1]:.2f} at worst"
        )

    def milliseconds(self, works: Sequence[Work]) -> float:
        """Time of all operators and of the run itself, ms.

        Raises
        ------
        UnsupportedError
            The table has never seen one of them, or its sizes do not determine its work; all are named.
        """
        rows = {row.key: row for row in self.rows}
        strangers = Counter(
            f"{item.kind} ({item.number_format})"
            for item in works
            if not item.countable or (item.kind, item.number_format) not in rows
        )
        if strangers:
            raise UnsupportedError(
                "the table has no time for operators of this model",
                came=", ".join(f"{count} {name}" for name, count in sorted(strangers.items())),
                allowed=", ".join(f"{row.operator} ({row.number_format})" for row in self.rows),
                hint=f"fieldpack bench run a bundle that has them on {self.target}, and make the table again",
            )
        found = self.run_ms + sum(rows[item.kind, item.number_format].milliseconds(item) for item in works)
        if found <= 0:
            raise UnsupportedError("the table gives these operators no time at all", came=f"{found} ms")
        return found

    @property
    def figure_name(self) -> str:
        """Of what it estimates, as budgets call it."""
        return f"latency_ms.{self.target}"

    def figure(self, works: Sequence[Work]) -> Figure:
        """``milliseconds`` as a figure, evidence ``estimated``.

        The bounds are as far off as the worst of the models that were left out, `n` is how many there were.
        A further model of their kind lies within them in n of n + 1 cases.

        Raises
        ------
        UnsupportedError
            As ``milliseconds``.
        """
        value, worst = self.milliseconds(works), self.ratios[-1]
        bounds = value / worst, value * worst
        return Figure(self.figure_name, value, "ms", Evidence.ESTIMATED, len(self.ratios), *bounds)

    def check_target(self, target: str) -> None:
        """Refuse another target than the table's.

        Raises
        ------
        InputError
            It is another.
        """
        if target != self.target:
            raise InputError(
                "the table is of another target", came=self.target, allowed=target,
                hint=f"fieldpack bench table RECORDS --target {target}",
            )  # fmt: skip


def estimate(model: Path, table: LatencyTable, target: str | None = None) -> Figure:
    """Latency of a file by a table, never measured.

    Parameters
    ----------
    model : Path
        A ``.tflite`` file.
    table : LatencyTable
        Of a target.
    target : str, optional
        The target that is asked for; the table's by default.

    Returns
    -------
    Figure
        As ``LatencyTable.figure``.

    Raises
    ------
    InputError
        The table is of another target.
    UnsupportedError
        The table does not know one of its operators.
    ModelFileError
        The file is no TFLite file.
    """
    if target is not None:
        table.check_target(target)
    return table.figure(work_of(open_model(model)))


def read_table(path: Path) -> LatencyTable:
    """Read a table.

    Raises
    ------
    InputError
        The file is missing, no JSON, of another schema, or a field is wrong.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            "the table cannot be read", came=f"{path}: {error}", hint="fieldpack bench table writes one"
        ) from error
    schema = values.get("schema") if isinstance(values, dict) else None
    if schema != SCHEMA:
        raise InputError("the table has another schema", came=f"{path.name}: {schema}", allowed=SCHEMA)
    return validated(LatencyTable, values, path.name, InputError)


def write_table(path: Path, table: LatencyTable) -> None:
    """Write a table.

    Raises
    ------
    StorageError
        The file cannot be written.
    """
    place_file(path, table.model_dump_json(by_alias=True, indent=1, exclude_none=True) + "\n", "the table")
