"""Verdicts as a JUnit report: one test case a limit and flavour.

The format has no outcome "inconclusive": such a case is skipped with its reason, since it neither passed nor
failed. A limit that nothing measured is an error, as a test that could not run is.
"""

from __future__ import annotations

from xml.etree import ElementTree as ET

from fieldpack.verdict import Outcome, Verdict
from fieldpack.verdict_files.judged import Judged

ELEMENT = {Outcome.FAIL: "failure", Outcome.NOT_RUN: "error", Outcome.INCONCLUSIVE: "skipped"}


def as_junit(judged: Judged) -> str:
    """The report as text, UTF-8."""
    numbers = {"tests": len(judged.verdicts)} | {
        word: sum(item.outcome is outcome for item in judged.verdicts)
        for outcome, word in ((Outcome.FAIL, "failures"), (Outcome.NOT_RUN, "errors"))
    }
    counts = {name: str(value) for name, value in numbers.items()}
    root = ET.Element("testsuites", {"name": "fieldpack gate", **counts})
    skipped = sum(item.outcome is Outcome.INCONCLUSIVE for item in judged.verdicts)
    suite = ET.SubElement(
        root, "testsuite", {"name": f"{judged.name} {judged.version}", **counts, "skipped": str(skipped)}
    )
    properties = ET.SubElement(suite, "properties")
    ET.SubElement(properties, "property", {"name": "digest", "value": judged.digest})
    for verdict in judged.verdicts:
        _case(suite, judged, verdict)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _case(suite: ET.Element, judged: Judged, verdict: Verdict) -> None:
    case = ET.SubElement(
        suite,
        "testcase",
        {"classname": f"{judged.name}.{verdict.subject}", "name": verdict.name, "time": "0"},
    )
    if verdict.outcome is not Outcome.PASS:
        ET.SubElement(case, ELEMENT[verdict.outcome], {"message": verdict.reason}).text = verdict.reason
    else:
        ET.SubElement(case, "system-out").text = verdict.reason
