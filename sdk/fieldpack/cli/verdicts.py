"""The verdict table, as the terminal shows it."""

from __future__ import annotations

from collections.abc import Sequence

from fieldpack.cli.terminal import table
from fieldpack.verdict import Outcome, Verdict, combine
from fieldpack.verdict_files.words import bounds, limit_text, number

NAMED_INSIDE = ("layer_rise",)
"""Limits whose reason names a part of the flavour, which the table does not."""
HEADER = ("flavour", "limit", "verdict", "figure", "bounds", "allowed", "n", "settles at", "evidence")


def verdict_text(verdicts: Sequence[Verdict]) -> str:
    """A table with one line a verdict, and the outcome of all."""
    rows = [
        [
            verdict.subject,
            verdict.name,
            verdict.outcome.value.upper(),
            number(verdict.figure.value, verdict.figure.unit),
            bounds(verdict.figure),
            limit_text(verdict),
            "" if verdict.figure.n is None else str(verdict.figure.n),
            "" if verdict.settles_at is None else f"n = {verdict.settles_at}",
            verdict.figure.evidence.value,
        ]
        for verdict in verdicts
    ]
    outcome = combine(verdict.outcome for verdict in verdicts)
    below = [
        f"not measured: {verdict.subject} {verdict.name}{_why(verdict)}"
        for verdict in verdicts
        if verdict.outcome is Outcome.NOT_RUN
    ]
    below += [
        f"failed: {verdict.subject} {verdict.reason}"
        for verdict in verdicts
        if verdict.outcome is Outcome.FAIL and verdict.name in NAMED_INSIDE
    ]
    last = f"verdict: {outcome.value.upper()}{_note(outcome, verdicts)}"
    return "\n".join([table(HEADER, rows, right=(3, 6)), "", *below, *([""] if below else []), last])


def _why(verdict: Verdict) -> str:
    why = verdict.reason.removeprefix(f"{verdict.name} was not measured").lstrip("; ")
    return f": {why}" if why else ""


def _note(outcome: Outcome, verdicts: Sequence[Verdict]) -> str:
    if outcome is Outcome.INCONCLUSIVE:
        counted = any(item.figure.n for item in verdicts if item.outcome is outcome)
        more = "more examples would" if counted else "its rounds lie on both sides; a calmer machine may"
        return f" - the data do not settle every limit; {more}"
    if outcome is Outcome.NOT_RUN:
        return " - a limit was set that nothing measured"
    return ""
