"""Verdicts as SARIF 2.1.0, which code scanning services take.

Specification: OASIS Static Analysis Results Interchange Format 2.1.0. One rule a limit, one result a verdict
that is no pass.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from fieldpack import __version__
from fieldpack.exports.inat_vision_camera.sarif import SCHEMA
from fieldpack.verdict import Outcome, Verdict
from fieldpack.verdict_files.judged import Judged

LEVEL = {Outcome.FAIL: "error", Outcome.NOT_RUN: "error", Outcome.INCONCLUSIVE: "warning"}


def as_sarif(judged: Judged) -> dict[str, Any]:
    """The log of one run."""
    names = sorted({verdict.name for verdict in judged.verdicts})
    driver = {
        "name": "fieldpack gate",
        "semanticVersion": __version__,
        "rules": [{"id": name, "shortDescription": {"text": f"the limit {name} is kept"}} for name in names],
    }
    run = {
        "tool": {"driver": driver},
        "invocations": [{"executionSuccessful": True}],
        "results": [
            _result(judged, verdict, names)
            for verdict in judged.verdicts
            if verdict.outcome is not Outcome.PASS
        ],
        "columnKind": "unicodeCodePoints",
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _result(judged: Judged, verdict: Verdict, names: list[str]) -> dict[str, Any]:
    return {
        "ruleId": verdict.name,
        "ruleIndex": names.index(verdict.name),
        "level": LEVEL[verdict.outcome],
        "message": {"text": f"{verdict.subject}: {verdict.outcome.value}: {verdict.reason}"},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": quote(judged.place)}}}],
        "partialFingerprints": {"limit/v1": f"{judged.name}/{verdict.subject}/{verdict.name}"},
    }
