"""Logs of SARIF 2.1.0, which code scanning services take: one writer for every command that has findings.

Specification: OASIS Static Analysis Results Interchange Format 2.1.0. Its schema asks for little; GitHub's
code scanning asks for more ("SARIF support for code scanning"): each rule described and with help, each
result in a file with a region, and a fingerprint by which the next run knows it again. It reads
``primaryLocationLineHash`` only, does not know ``uriBaseId``, takes paths as relative to the repository,
and keeps runs of one tool apart by the part of ``automationDetails.id`` before its last slash.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fieldpack import __version__

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LONGEST_DESCRIPTION = 1024
"""Characters that GitHub shows of a rule's description."""


@dataclass(frozen=True, slots=True)
class SarifRule:
    """What is held.

    Attributes
    ----------
    id : str
        Stable word.
    short, full, help : str
        What is demanded, in a line; what it means; what to do.
    level : str
        ``error``, ``warning`` or ``note``, of a result that states none.
    """

    id: str
    short: str
    full: str
    help: str
    level: str


@dataclass(frozen=True, slots=True)
class SarifResult:
    """A rule that is not kept.

    Attributes
    ----------
    rule : str
        Id of the rule.
    level : str
        ``error``, ``warning`` or ``note``.
    message : str
        What was found; services show the first sentence as the title.
    file : Path
        Where it was found.
    identity : str
        What stays the same when it is found again. Results of one rule with the same identity are counted.
    line : int
        From 1.
    """

    rule: str
    level: str
    message: str
    file: Path
    identity: str
    line: int = 1


def sarif_log(
    tool: str,
    category: str,
    rules: Sequence[SarifRule],
    results: Sequence[SarifResult],
    warnings: Sequence[str] = (),
) -> dict[str, Any]:
    """The log of one run.

    Parameters
    ----------
    tool : str
        Name of the command.
    category : str
        Tells apart runs of the tool over several things in one repository.
    rules : sequence of SarifRule
        All that were held.
    results : sequence of SarifResult
        Each of one of the rules.
    warnings : sequence of str
        What the tool could not do.

    Raises
    ------
    ValueError
        A result is of no rule.
    """
    order = [rule.id for rule in rules]
    driver = {"name": tool, "semanticVersion": __version__, "rules": [_descriptor(rule) for rule in rules]}
    notes = [{"level": "warning", "message": {"text": text}} for text in warnings]
    seen: Counter[str] = Counter()
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"{tool}/{category}/"},
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": notes}],
        "results": [_result(item, order.index(item.rule), seen) for item in results],
        "columnKind": "unicodeCodePoints",
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def artifact_uri(file: Path) -> str:
    """A file as a URI reference: relative to the working directory where it lies in it, else absolute.

    Links are followed, since services match the path with the files of a repository.
    """
    resolved, here = file.resolve(), Path.cwd().resolve()
    if resolved == here or not resolved.is_relative_to(here):
        return resolved.as_uri()
    return quote(os.fsencode(resolved.relative_to(here).as_posix()))


def _descriptor(rule: SarifRule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.short[:LONGEST_DESCRIPTION]},
        "fullDescription": {"text": rule.full[:LONGEST_DESCRIPTION]},
        "help": {"text": rule.help},
        "defaultConfiguration": {"level": rule.level},
    }


def _result(item: SarifResult, index: int, seen: Counter[str]) -> dict[str, Any]:
    digest = hashlib.sha256(f"{item.rule}\0{item.identity}".encode(errors="surrogatepass")).hexdigest()[:16]
    seen[digest] += 1
    region = {"startLine": item.line, "startColumn": 1, "endLine": item.line, "endColumn": 1}
    place = {"artifactLocation": {"uri": artifact_uri(item.file)}, "region": region}
    return {
        "ruleId": item.rule,
        "ruleIndex": index,
        "level": item.level,
        "message": {"text": item.message},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {"primaryLocationLineHash": f"{digest}:{seen[digest]}"},
    }
