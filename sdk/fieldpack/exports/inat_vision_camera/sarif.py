"""A lint result as SARIF 2.1.0, which code scanning services take.

Specification: OASIS Static Analysis Results Interchange Format 2.1.0.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from fieldpack import __version__
from fieldpack.exports.inat_vision_camera import facts
from fieldpack.exports.inat_vision_camera.lint import LintResult
from fieldpack.exports.inat_vision_camera.rule import Finding, Rule
from fieldpack.exports.inat_vision_camera.rules._rule_list import RULES

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
ROOT = "LINTED"


def as_sarif(result: LintResult) -> dict[str, Any]:
    """The log of one run; files are relative to the directory."""
    order = list(RULES)
    driver = {
        "name": f"fieldpack lint --for {facts.TARGET}",
        "semanticVersion": __version__,
        "rules": [_descriptor(rule) for rule in RULES.values()],
    }
    notes = [
        {"level": "warning", "message": {"text": f"{file} was not run: {reason}"}}
        for file, reason in result.not_run.items()
    ]
    run = {
        "tool": {"driver": driver},
        "originalUriBaseIds": {ROOT: {"uri": result.folder.resolve().as_uri() + "/"}},
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": notes}],
        "results": [_result(finding, order.index(finding.rule.id)) for finding in result.findings],
        "columnKind": "unicodeCodePoints",
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _descriptor(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.looks_at},
        "fullDescription": {"text": f"Android: {rule.android}. iOS: {rule.ios}."},
        "help": {"text": rule.remedy},
        "defaultConfiguration": {"level": rule.severity.value},
    }


def _result(finding: Finding, index: int) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": quote(finding.file), "uriBaseId": ROOT}}
    if finding.line is not None:
        place["region"] = {"startLine": finding.line}
    rule = finding.rule
    text = f"{finding.message}. Android: {rule.android}. iOS: {rule.ios}. Do: {rule.remedy}."
    return {
        "ruleId": finding.rule.id,
        "ruleIndex": index,
        "level": finding.rule.severity.value,
        "message": {"text": text},
        "locations": [{"physicalLocation": place}],
    }
