"""Whether the files of a gate keep their schemas and say what its verdicts say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any
from xml.etree import ElementTree as ET

from fieldpack import schemas
from fieldpack.verdict import Outcome

ELEMENTS = {
    Outcome.FAIL.value: ("failure", "failures"),
    Outcome.NOT_RUN.value: ("error", "errors"),
    Outcome.INCONCLUSIVE.value: ("skipped", "skipped"),
}


def junit_faults(text: str, verdicts: Sequence[dict[str, Any]]) -> list[str]:
    """Where a JUnit report breaks the schema, or tells another story than the verdicts.

    Parameters
    ----------
    text : str
        The file.
    verdicts : sequence of dict
        As the gate prints them.

    Raises
    ------
    MissingDependencyError
        The extra ``bench`` is not installed.
    """
    return schemas.junit_faults(text) or list(_untold(ET.fromstring(text), verdicts))


def sarif_faults(log: dict[str, Any], verdicts: Sequence[dict[str, Any]]) -> list[str]:
    """Where a log breaks the schema or what code scanning asks for, or tells another story than the verdicts.

    Parameters
    ----------
    log : dict
        The file.
    verdicts : sequence of dict
        As the gate prints them; each that is no pass is a result.

    Raises
    ------
    MissingDependencyError
        The extra ``bench`` is not installed.
    """
    return schemas.sarif_faults(log) or [*schemas.code_scanning_faults(log), *_unlisted(log, verdicts)]


def _untold(root: ET.Element, verdicts: Sequence[dict[str, Any]]) -> Iterator[str]:
    cases = list(root.iter("testcase"))
    if [case.get("name") for case in cases] != [item["name"] for item in verdicts]:
        yield f"{len(cases)} cases are not those of {len(verdicts)} verdicts"
    outcomes = Counter(item["outcome"] for item in verdicts)
    for outcome, (element, word) in ELEMENTS.items():
        told = [item for case in cases for item in case.findall(element)]
        if len(told) != outcomes[outcome] or not all(item.get("message") for item in told):
            yield f"{len(told)} of {outcomes[outcome]} {outcome} are told, with their reasons"
        for suite in root.iter("testsuite"):
            if suite.get(word) != str(outcomes[outcome]):
                yield f"{word} is {suite.get(word)} of {outcomes[outcome]}"
    for part in (root, *root.iter("testsuite")):
        if part.get("tests") != str(len(verdicts)):
            yield f"tests is {part.get('tests')} of {len(verdicts)}"


def _unlisted(log: dict[str, Any], verdicts: Sequence[dict[str, Any]]) -> Iterator[str]:
    wanted = sorted(item["name"] for item in verdicts if item["outcome"] != Outcome.PASS.value)
    results = [item for run in log["runs"] for item in run.get("results", ())]
    if sorted(str(item.get("ruleId")) for item in results) != wanted:
        yield f"results are not those of {', '.join(wanted) or 'no limit'}"
    for run in log["runs"]:
        rules = [rule["id"] for rule in run["tool"]["driver"].get("rules", ())]
        for item in run.get("results", ()):
            name, index = item.get("ruleId"), item.get("ruleIndex", -1)
            if not 0 <= index < len(rules) or rules[index] != name:
                yield f"{name} points at the rule {index}"
