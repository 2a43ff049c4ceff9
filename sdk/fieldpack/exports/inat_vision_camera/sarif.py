"""A lint result for code scanning."""

from __future__ import annotations

from typing import Any

from fieldpack.exports.inat_vision_camera import facts
from fieldpack.exports.inat_vision_camera.lint import LintResult
from fieldpack.exports.inat_vision_camera.rule import Finding, Rule
from fieldpack.exports.inat_vision_camera.rules._rule_list import RULES
from fieldpack.sarif import SarifResult, SarifRule, sarif_log

TOOL = f"fieldpack lint --for {facts.TARGET}"


def as_sarif(result: LintResult) -> dict[str, Any]:
    """The log of one run."""
    return sarif_log(
        TOOL,
        result.folder.resolve().name,
        [_described(rule) for rule in RULES.values()],
        [_result(result, finding) for finding in result.findings],
        [f"{file} was not run: {reason}" for file, reason in result.not_run.items()],
    )


def _described(rule: Rule) -> SarifRule:
    full = f"Android: {rule.android}. iOS: {rule.ios}."
    return SarifRule(rule.id, rule.looks_at, full, rule.remedy, rule.severity.value)


def _result(result: LintResult, finding: Finding) -> SarifResult:
    rule = finding.rule
    return SarifResult(
        rule.id,
        rule.severity.value,
        f"{finding.message}. Android: {rule.android}. iOS: {rule.ios}. Do: {rule.remedy}.",
        result.folder / finding.file,
        finding.file,
        finding.line or 1,
    )
