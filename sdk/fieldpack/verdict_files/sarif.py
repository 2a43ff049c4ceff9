"""Verdicts for code scanning: one rule a limit, one result a verdict that is no pass."""

from __future__ import annotations

from typing import Any

from fieldpack.budget import App, Limits
from fieldpack.sarif import SarifResult, SarifRule, sarif_log
from fieldpack.verdict import Outcome, Verdict
from fieldpack.verdict_files.judged import Judged
from fieldpack.verdict_files.limit_lines import limit_line

TOOL = "fieldpack gate"
LEVEL = {Outcome.FAIL: "error", Outcome.NOT_RUN: "error", Outcome.INCONCLUSIVE: "warning"}
HELP = (
    "fail: the limit is broken; make the model keep it, or change the limit in a review. "
    "not_run: nothing measured it; the message says what would. "
    "inconclusive: the examples are too few to say; the message says how many would settle it."
)


def as_sarif(judged: Judged) -> dict[str, Any]:
    """The log of one gate; its results lie in the file that states the limits."""
    names = sorted({verdict.name for verdict in judged.verdicts})
    broken = [verdict for verdict in judged.verdicts if verdict.outcome is not Outcome.PASS]
    return sarif_log(
        TOOL, judged.name, [_rule(name) for name in names], [_result(judged, verdict) for verdict in broken]
    )


def _rule(name: str) -> SarifRule:
    measure, _, target = name.partition(".")
    field = Limits.model_fields.get(measure) or App.model_fields.get(measure)
    told = measure if field is None or field.description is None else field.description
    where = f", on {target}" if target else ""
    return SarifRule(name, f"the limit {name} is kept", f"{told}{where}", HELP, "error")


def _result(judged: Judged, verdict: Verdict) -> SarifResult:
    return SarifResult(
        verdict.name,
        LEVEL[verdict.outcome],
        f"{judged.name}, {verdict.subject}: {verdict.outcome.value}: {verdict.reason}",
        judged.place,
        f"{judged.name}/{verdict.subject}",
        limit_line(judged.budget, verdict.subject, verdict.name),
    )
