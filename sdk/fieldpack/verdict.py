"""Verdicts: a measured figure, its interval and a limit become one of four outcomes.

Every gate, budget line and parity check ends here, so that "good enough" means the same
thing everywhere. Estimating figures is the work of ``fieldpack.statistics`` and
``fieldpack.parity``; this module only compares and stores them, and needs nothing but
the standard library.

The bounds of a figure are two *one-sided* 95 % bounds: each is wrong at most one time in
twenty, and a verdict uses only the one that could contradict it.

Which error is controlled. A pass claims one limit and is wrong at most one time in twenty, limit by
limit: all limits must pass for a budget to pass, so more limits make a wrong pass rarer, never more
frequent. A fail claims that something is broken somewhere; with many limits one would look broken by
chance. So it stands only if it survives Holm's correction over all tests of a budget
(:mod:`fieldpack.family`): a budget whose every limit is kept fails at most one time in
twenty. Exact figures, such as sizes, are no tests and take no part.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from statistics import NormalDist
from typing import TypeVar

from fieldpack.errors import BundleError, SpecError

AT_MOST = "at_most"
AT_LEAST = "at_least"
RELATIONS = (AT_MOST, AT_LEAST)
SIGNIFICANT_DIGITS = 6
CONFIDENCE = 0.95
"""Of each bound of a stored figure alone."""
WHOLE_UNITS = frozenset({"bytes", "count", "items"})
"""Units whose figures are whole numbers and are stored exactly, not rounded."""
NORMAL = NormalDist()
ROUNDING = 1e-12
LARGEST_SAMPLE = 1_000_000_000
"""An answer above this many examples is no advice; it is given as ``None``."""

Stored = float | int | str | None
"""How a number is written down: JSON has no NaN and no infinity, so these become words."""

T = TypeVar("T", bound=StrEnum)


class Evidence(StrEnum):
    """Where a figure came from; figures of different classes are never compared."""

    DEVICE = "device"
    HOST = "host"
    EMULATED = "emulated"
    REFERENCE = "reference"
    ESTIMATED = "estimated"
    NOT_RUN = "not_run"


class Outcome(StrEnum):
    """What a verdict says."""

    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    NOT_RUN = "not_run"


SEVERITY = (Outcome.PASS, Outcome.INCONCLUSIVE, Outcome.NOT_RUN, Outcome.FAIL)
"""Mildest first. ``not_run`` outranks ``inconclusive``; see :func:`combine`."""

EXIT_CODES = {Outcome.PASS: 0, Outcome.FAIL: 1, Outcome.INCONCLUSIVE: 3, Outcome.NOT_RUN: 4}


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number.

    Parameters
    ----------
    name : str
        What was measured, e.g. ``top1_drop``.
    value : float or None
        The estimate; ``None`` when it was not measured or is undefined.
    unit : str
        ``fraction``, ``bytes``, ``nats``, ``ms``, ...
    evidence : Evidence
        Where it came from.
    n : int, optional
        Number of independent items behind it.
    low, high : float, optional
        One-sided 95 % bounds. Both ``None``: the figure is exact (a file size). Only one
        ``None``: nothing is known on that side.
    """

    name: str
    value: float | None
    unit: str
    evidence: Evidence
    n: int | None = None
    low: float | None = None
    high: float | None = None

    @property
    def exact(self) -> bool:
        """Whether the figure carries no sampling error."""
        return self.low is None and self.high is None

    def at(self, confidence: float) -> Figure:
        """The figure with bounds of another confidence.

        A bound moves away from the value by the larger of two ratios, that of the normal and that of the
        exponential distribution; the latter is what the exact bound of an event that was never seen needs.
        The bounds of a share stay within -1 and 1.
        """
        if confidence == CONFIDENCE or self.exact or self.value is None:
            return self
        factor = stretch(confidence)
        least, most = (-1.0, 1.0) if self.unit == "fraction" else (-math.inf, math.inf)
        low = None if self.low is None else max(least, self.value - factor * (self.value - self.low))
        high = None if self.high is None else min(most, self.value + factor * (self.high - self.value))
        return replace(self, low=low, high=high)

    def as_dict(self) -> dict[str, Stored]:
        """Plain data with a fixed set of keys; floats rounded to 6 significant digits."""
        return {
            "name": self.name,
            "value": stored_number(self.value, self.unit),
            "unit": self.unit,
            "evidence": self.evidence.value,
            "n": self.n,
            "low": stored_number(self.low, self.unit),
            "high": stored_number(self.high, self.unit),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> Figure:
        """Read what :meth:`as_dict` wrote.

        Raises
        ------
        BundleError
            When a field is missing, unknown or of the wrong kind.
        """
        _only_keys("figure", data, cls.__slots__)
        return cls(
            name=_text("figure", data, "name"),
            value=_number("figure", data, "value"),
            unit=_text("figure", data, "unit"),
            evidence=_choice("figure", data, "evidence", Evidence),
            n=_count("figure", data, "n"),
            low=_number("figure", data, "low"),
            high=_number("figure", data, "high"),
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """A figure held against a limit.

    Parameters
    ----------
    name : str
        The gate or budget line, often the figure's own name.
    subject : str
        The flavour it is about, or ``bundle``.
    outcome : Outcome
    figure : Figure
    limit : float or None
        In the figure's unit; ``None`` when no limit was set.
    relation : str
        ``at_most`` or ``at_least``.
    settles_at : int, optional
        How many examples would settle an inconclusive verdict, at the rates seen so far.
    reason : str
        One sentence for a reader.
    """

    name: str
    subject: str
    outcome: Outcome
    figure: Figure
    limit: float | None
    relation: str
    settles_at: int | None = None
    reason: str = ""

    def as_dict(self) -> dict[str, object]:
        """Plain data with a fixed set of keys."""
        return {
            "name": self.name,
            "subject": self.subject,
            "outcome": self.outcome.value,
            "figure": self.figure.as_dict(),
            "limit": stored_number(self.limit, self.figure.unit),
            "relation": self.relation,
            "settles_at": self.settles_at,
            "reason": self.reason,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> Verdict:
        """Read what :meth:`as_dict` wrote.

        Raises
        ------
        BundleError
            When a field is missing, unknown or of the wrong kind.
        """
        _only_keys("verdict", data, cls.__slots__)
        figure = data["figure"]
        if not isinstance(figure, Mapping):
            raise _malformed("verdict", "figure", figure, "an object")
        relation = _text("verdict", data, "relation")
        if relation not in RELATIONS:
            raise _malformed("verdict", "relation", relation, " or ".join(RELATIONS))
        return cls(
            name=_text("verdict", data, "name"),
            subject=_text("verdict", data, "subject"),
            outcome=_choice("verdict", data, "outcome", Outcome),
            figure=Figure.from_dict(figure),
            limit=_number("verdict", data, "limit"),
            relation=relation,
            settles_at=_count("verdict", data, "settles_at"),
            reason=_text("verdict", data, "reason"),
        )


def judge(
    figure: Figure,
    limit: float,
    relation: str,
    settles_at: int | None = None,
    *,
    name: str | None = None,
    subject: str = "bundle",
    confidence: float = CONFIDENCE,
) -> Verdict:
    """Hold a figure against a limit.

    ``pass`` when the whole interval keeps the limit, ``fail`` when the whole interval breaks
    it, ``inconclusive`` between the two. An exact figure decides directly. A figure without a
    value is ``not_run``; one that is NaN or infinite fails, since a broken number is never
    good news. Touching the limit keeps it.

    Parameters
    ----------
    figure : Figure
    limit : float
        Finite, in the unit of the figure.
    relation : str
        ``at_most`` or ``at_least``.
    settles_at : int, optional
        Examples that would settle it, from ``fieldpack.statistics.sample_size``. Left out, an
        inconclusive verdict is given the square-root rule: intervals shrink with ``sqrt(n)``.
    name : str, optional
        Name of the verdict; default the name of the figure.
    subject : str
        Flavour, or ``bundle``.
    confidence : float
        Of each bound alone; the verdict's figure has these bounds.

    Raises
    ------
    SpecError
        When the limit is not a finite number or the relation is unknown.
    """
    if relation not in RELATIONS:
        raise SpecError(
            "the relation of a limit is unknown", came=repr(relation), allowed=" or ".join(RELATIONS)
        )
    if not math.isfinite(limit):
        raise SpecError(f"the limit of {figure.name} is not a number", came=limit, allowed="a finite number")
    figure = figure.at(confidence)
    outcome = _outcome(figure, limit, relation)
    if outcome is not Outcome.INCONCLUSIVE:
        settles_at = None
    elif settles_at is None:
        settles_at = _square_root_rule(figure, limit)
    return Verdict(
        name=figure.name if name is None else name,
        subject=subject,
        outcome=outcome,
        figure=figure,
        limit=limit,
        relation=relation,
        settles_at=settles_at,
        reason=_reason(figure, limit, relation, outcome, settles_at, confidence),
    )


def stretch(confidence: float) -> float:
    """How much farther from its value a bound of that confidence lies than one of ``CONFIDENCE``."""
    normal = NORMAL.inv_cdf(confidence) / NORMAL.inv_cdf(CONFIDENCE)
    return max(normal, math.log(1 - confidence) / math.log(1 - CONFIDENCE))


def combine(outcomes: Iterable[Outcome]) -> Outcome:
    """Worst of several outcomes: ``fail``, ``not_run``, ``inconclusive``, ``pass``.

    ``not_run`` outranks ``inconclusive`` on purpose. Callers may let an inconclusive result
    through (a smoke test on few examples); a required check that never ran must not slip
    through with it. For the same reason no outcomes at all is ``not_run``, never ``pass``.
    """
    return max(outcomes, key=SEVERITY.index, default=Outcome.NOT_RUN)


def exit_code(outcome: Outcome) -> int:
    """Exit code of the command line: pass 0, fail 1, inconclusive 3, not run 4."""
    return EXIT_CODES[outcome]


def stored_number(value: float | None, unit: str = "") -> Stored:
    """A number as manifests keep it.

    Floats are rounded to 6 significant digits, so that the last bits of two machines do not
    change a file; whole numbers and figures in whole units stay exact; NaN and the infinities
    become ``"nan"``, ``"inf"`` and ``"-inf"``.
    """
    if value is None or isinstance(value, int):
        return value
    value = float(value)
    if not math.isfinite(value):
        return str(value)
    if unit in WHOLE_UNITS and value.is_integer():
        return int(value)
    return float(f"{value:.{SIGNIFICANT_DIGITS}g}") + 0.0  # -0.0 becomes 0.0


def _outcome(figure: Figure, limit: float, relation: str) -> Outcome:
    if figure.value is None:
        return Outcome.NOT_RUN
    if not math.isfinite(figure.value):
        return Outcome.FAIL
    kept, broken = _certainly_kept(figure, limit, relation), _certainly_broken(figure, limit, relation)
    if kept:
        return Outcome.PASS
    return Outcome.FAIL if broken else Outcome.INCONCLUSIVE


def _certainly_kept(figure: Figure, limit: float, relation: str) -> bool:
    edge = figure.value if figure.exact else (figure.high if relation == AT_MOST else figure.low)
    if edge is None:
        return False
    return edge <= limit if relation == AT_MOST else edge >= limit


def _certainly_broken(figure: Figure, limit: float, relation: str) -> bool:
    edge = figure.value if figure.exact else (figure.low if relation == AT_MOST else figure.high)
    if edge is None:
        return False
    return edge > limit if relation == AT_MOST else edge < limit


def _square_root_rule(figure: Figure, limit: float) -> int | None:
    if figure.value is None or not figure.n:
        return None
    edge = figure.high if figure.value <= limit else figure.low
    gap = abs(limit - figure.value)
    if edge is None or not math.isfinite(edge) or gap == 0:
        return None
    ratio = abs(edge - figure.value) / gap
    needed = figure.n * ratio * ratio  # not ** 2, which raises where a product becomes infinite
    if needed > LARGEST_SAMPLE:
        return None
    return max(math.ceil(round(needed, 6)), figure.n + 1)


def _reason(
    figure: Figure, limit: float, relation: str, outcome: Outcome, settles_at: int | None, confidence: float
) -> str:
    if figure.value is None:
        return f"{figure.name} was not measured"
    if not math.isfinite(figure.value):
        return f"{figure.name} is {figure.value}, not a finite number"
    rule = f"{relation.replace('_', ' ')} {limit:.6g}"
    bounds = _interval_text(figure, confidence)
    text = f"{figure.name} is {figure.value:.6g} {figure.unit}{bounds}; {rule} is allowed"
    if outcome is Outcome.INCONCLUSIVE:
        text += "; not settled yet"
        text += f", about {settles_at} examples would settle it" if settles_at else ""
    return text


def _interval_text(figure: Figure, confidence: float) -> str:
    if figure.exact:
        return ""
    low = "unbounded" if figure.low is None else f"{figure.low:.6g}"
    high = "unbounded" if figure.high is None else f"{figure.high:.6g}"
    level = "" if confidence == CONFIDENCE else f" at {100 * confidence:g} %"
    return f" ({low} to {high}{level})"


def _only_keys(kind: str, data: Mapping[str, object], allowed: Iterable[str]) -> None:
    expected, found = set(allowed), set(data)
    if expected != found:
        raise BundleError(
            f"a stored {kind} does not have the expected fields",
            came=", ".join(sorted(map(str, found))) or "none",
            allowed=", ".join(sorted(expected)),
        )


def _malformed(kind: str, key: str, came: object, allowed: str) -> BundleError:
    return BundleError(f"field {key} of a stored {kind} is malformed", came=repr(came), allowed=allowed)


def _text(kind: str, data: Mapping[str, object], key: str) -> str:
    value = data[key]
    if not isinstance(value, str):
        raise _malformed(kind, key, value, "a text")
    return value


def _choice(kind: str, data: Mapping[str, object], key: str, choices: type[T]) -> T:
    value = _text(kind, data, key)
    if value not in [choice.value for choice in choices]:
        raise _malformed(kind, key, value, ", ".join(choice.value for choice in choices))
    return choices(value)


def _number(kind: str, data: Mapping[str, object], key: str) -> float | None:
    value = data[key]
    if value is None:
        return None
    if isinstance(value, str) and value in ("nan", "inf", "-inf"):
        return float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _malformed(kind, key, value, "a number, nan, inf, -inf or null")
    return value


def _count(kind: str, data: Mapping[str, object], key: str) -> int | None:
    value = data[key]
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
        raise _malformed(kind, key, value, "a whole number from 0 upwards, or null")
    return value
