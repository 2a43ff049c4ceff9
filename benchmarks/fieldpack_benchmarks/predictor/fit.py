"""Non-negative least squares from whole-model times to a table by operator.

Whole-model times, not profiles: a delegate fuses operators and names its own, so that rows of a profile
cannot be laid beside those of a file. Errors are relative, so that small models count as much as large ones.

Models are few and operators many. So what an operator takes whatever its size is one number for a format,
and each operator has one number by multiply-accumulates, or by bytes where it has none of them; operators of
products share a number by bytes within their format. And a number leaves that of its format, and this that
of all formats, only as far as times ask for it: without that, a small operator that no two models have would
take over what the model's other operators need.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fieldpack.errors import InputError, MissingDependencyError, UnsupportedError
from fieldpack.latency_table.operator_work import PRODUCTS, Work
from fieldpack.latency_table.table import FEWEST_MODELS, MEGA, SCHEMA, FittedModel, LatencyTable, Row
from fieldpack.model import validated
from fieldpack.records.record import Runner

if TYPE_CHECKING:
    from numpy.typing import NDArray

PULL = 1e-3
"""Weight of a squared relative distance from the wider number, beside squared relative errors of times."""
LEAST = 0.01
"""Of what it was expected to be; a number that others are pulled to is never less."""
DEPTHS, TINY = 3, 1e-12
Column = tuple[str, str, str]
RUN: Column = ("run", "", "")


@dataclass(frozen=True, slots=True)
class Timed:
    """A model, what it has to do, and how long it took.

    Attributes
    ----------
    name, digest : str
        Of the file.
    works : tuple of Work
        Its operators.
    measured_ms : float
        Median of its rounds.
    """

    name: str
    digest: str
    works: tuple[Work, ...]
    measured_ms: float


@dataclass(frozen=True, slots=True)
class Law:
    """A fit: what every run takes, and the rows."""

    run_ms: float
    rows: tuple[Row, ...]


def fit_table(models: Sequence[Timed], target: str, runner: Runner) -> LatencyTable:
    """Fit a table, and find its error by leaving out one model at a time.

    Parameters
    ----------
    models : sequence of Timed
        All run by `runner` on `target`.

    Returns
    -------
    LatencyTable

    Raises
    ------
    InputError
        Fewer than five models, or fewer than five that the others estimate.
    UnsupportedError
        The work of an operator is not determined by its sizes.
    MissingDependencyError
        SciPy is not installed.
    """
    if len(models) < FEWEST_MODELS:
        raise InputError(
            "too few models for a table", came=len(models), allowed=f"{FEWEST_MODELS} or more",
            hint="fieldpack bench run more bundles on this target",
        )  # fmt: skip
    law = fit(models)
    fitted = [
        FittedModel(
            name=item.name, digest=item.digest, measured_ms=item.measured_ms,
            left_out_ms=told_by([*models[:place], *models[place + 1 :]], item),
        )
        for place, item in enumerate(models)
    ]  # fmt: skip
    return _table(law, target, runner, [item.model_dump() for item in fitted])


def fit(models: Sequence[Timed]) -> Law:
    """Fit the law to measured times."""
    strangers = sorted({work.kind for item in models for work in item.works if not work.countable})
    if strangers:
        raise UnsupportedError(
            "the sizes of these operators do not say their work", came=", ".join(strangers),
            hint="leave their models out of the table",
        )  # fmt: skip
    solved: dict[Column, float] = {}
    for depth in range(DEPTHS):
        solved = _refined(models, depth, solved)
    seen = Counter((work.kind, work.number_format) for item in models for work in item.works)
    return Law(solved[RUN], tuple(_row(key, count, solved) for key, count in sorted(seen.items())))


def told_by(others: Sequence[Timed], model: Timed) -> float | None:
    """Estimate of a model by a fit to others, ms; None where they lack one of its operators.

    Raises
    ------
    InputError
        The others give it no time at all.
    UnsupportedError
        The work of an operator is not determined by its sizes.
    """
    law = fit(others)
    known = {row.key: row for row in law.rows}
    if any((work.kind, work.number_format) not in known for work in model.works):
        return None
    found = law.run_ms + sum(known[item.kind, item.number_format].milliseconds(item) for item in model.works)
    if found <= 0:
        raise InputError(
            "the other models give a model no time at all", came=model.name,
            hint="bench more bundles that have its operators",
        )  # fmt: skip
    return found


def _table(law: Law, target: str, runner: Runner, models: list[dict[str, Any]]) -> LatencyTable:
    values = {
        "schema": SCHEMA, "target": target, "runner": runner.model_dump(mode="json"), "run_ms": law.run_ms,
        "rows": [row.model_dump() for row in law.rows], "models": models,
    }  # fmt: skip
    return validated(LatencyTable, values, "the table", InputError)


def _columns(kind: str, number_format: str, depth: int = DEPTHS - 1) -> tuple[Column, ...]:
    """The coefficients of an operator: whatever its size, by bytes, and by multiply-accumulates if any.

    At depth 0 all operators share them, at 1 those of a format, at 2 they are its own where they can be.
    """
    group, own = number_format if depth else "", kind if depth > 1 else ""
    if kind in PRODUCTS:
        return ("each", "", group), ("megabyte", "", group), ("mega_mac", own, group)
    return ("each", "", group), ("megabyte", own, group)


def _shares(works: Sequence[Work], depth: int) -> dict[Column, float]:
    """How much of each coefficient a model has."""
    found: dict[Column, float] = {RUN: 1.0}
    for work in works:
        amounts = (1.0, work.bytes_moved / MEGA, work.multiply_accumulates / MEGA)
        for column, amount in zip(_columns(work.kind, work.number_format, depth), amounts, strict=False):
            found[column] = found.get(column, 0.0) + amount
    return found


def _refined(models: Sequence[Timed], depth: int, wider: dict[Column, float]) -> dict[Column, float]:
    """Coefficients of a depth, pulled to those of the depth before; at first, to equal shares of times."""
    shares = [_shares(item.works, depth) for item in models]
    columns = sorted({column for found in shares for column in found})
    times = np.array([item.measured_ms for item in models])
    amounts = np.array([[found.get(column, 0.0) for column in columns] for found in shares]) / times[:, None]
    if wider:
        expected = np.array([_wider(column, wider) for column in columns])
    else:
        expected = 1 / (np.maximum(amounts.mean(axis=0), TINY) * len(columns))
    ratios = _solve(amounts * expected)
    if depth < DEPTHS - 1:
        ratios = np.maximum(ratios, LEAST)
    return {column: float(value) for column, value in zip(columns, ratios * expected, strict=True)}


def _wider(column: Column, known: dict[Column, float]) -> float:
    """What a coefficient is pulled to: itself, that of its format, or that of all."""
    name, _, group = column
    return next(known[item] for item in (column, (name, "", group), (name, "", "")) if item in known)


def _solve(amounts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Numbers near 1, none negative, whose products with `amounts` [models, coefficients] are near 1.

    Lawson and Hanson, Solving Least Squares Problems, 1974, chapter 23, as SciPy has it.
    """
    try:
        from scipy.optimize import nnls
    except ImportError as error:
        raise MissingDependencyError(
            "a table is fitted by SciPy", came=error, hint="pip install scipy"
        ) from error
    count = amounts.shape[1]
    left = np.vstack([amounts, PULL**0.5 * np.eye(count)])
    right = np.concatenate([np.ones(len(amounts)), np.full(count, PULL**0.5)])
    return np.asarray(nnls(left, right)[0], np.float64)


def _row(key: tuple[str, str], count: int, solved: dict[Column, float]) -> Row:
    each, moved, *computed = _columns(*key)
    return Row(
        operator=key[0], number_format=key[1], occurrences=count, each_ms=solved[each],
        mega_mac_ms=sum(solved[column] for column in computed), megabyte_ms=solved[moved],
    )  # fmt: skip
