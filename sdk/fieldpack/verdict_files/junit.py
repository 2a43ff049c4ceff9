"""Verdicts as a JUnit report: one test case a limit and flavour.

The format has no outcome "inconclusive": such a case is skipped with its reason, since it neither passed nor
failed. A limit that nothing measured is an error, as a test that could not run is.

No body keeps a standard of the format. What is written keeps the schemas that Jenkins (``junit-10.xsd``) and
pyEDAA.Reports publish; :mod:`fieldpack.schemas` holds it against the latter.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from fieldpack.verdict import Outcome, Verdict
from fieldpack.verdict_files.judged import Judged

ELEMENT = {Outcome.FAIL: "failure", Outcome.NOT_RUN: "error", Outcome.INCONCLUSIVE: "skipped"}
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold in any spelling; a device's last words may have them."""


def as_junit(judged: Judged) -> str:
    """The report as text, UTF-8."""
    counts = {"tests": str(len(judged.verdicts))} | {
        word: str(sum(item.outcome is outcome for item in judged.verdicts))
        for outcome, word in (
            (Outcome.FAIL, "failures"), (Outcome.NOT_RUN, "errors"), (Outcome.INCONCLUSIVE, "skipped"),
        )
    }  # fmt: skip
    of_all = {name: value for name, value in counts.items() if name != "skipped"}
    root = ET.Element("testsuites", {"name": "fieldpack gate", **of_all})
    suite = ET.SubElement(root, "testsuite", {"name": f"{judged.name} {judged.version}", **counts})
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
        {"classname": f"{judged.name}.{verdict.subject}", "name": _legal(verdict.name), "time": "0"},
    )
    reason = _legal(verdict.reason)
    if verdict.outcome is Outcome.PASS:
        ET.SubElement(case, "system-out").text = reason
        return
    given = {"message": reason, "type": verdict.outcome.value}
    ET.SubElement(case, ELEMENT[verdict.outcome], given).text = reason


def _legal(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)
