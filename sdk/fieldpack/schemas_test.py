"""Each fault that is planted in a valid file is found."""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fieldpack.errors import MissingDependencyError
from fieldpack.sarif import SarifResult, SarifRule, artifact_uri, sarif_log
from fieldpack.schemas import code_scanning_faults, junit_faults, sarif_faults

JUNIT = (
    '<testsuites tests="1"><testsuite name="a" tests="1">'
    '<properties><property name="b" value="c"/></properties>'
    '<testcase name="d" classname="e" time="0"><failure message="f">g</failure></testcase>'
    "</testsuite></testsuites>"
)
RULE = SarifRule("a", "short", "full", "help", "error")
Edit = Callable[[dict[str, Any]], Any]


def log() -> dict[str, Any]:
    results = [SarifResult("a", "error", "found", Path("b c.toml"), name, 3) for name in ("d", "e")]
    return sarif_log("tool", "bundle", [RULE], results, ["not run"])


def place(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    return found


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("testsuites", "testsuits"), ("testcase", "case"), (' classname="e"', ""), ('name="a" ', ""),
        ('tests="1"', 'tests="-1"'), ('time="0"', 'time="soon"'), ("<failure", '<skipped/><failure'),
        ("failure", "broken"), (' message="f"', ' told="f"'), ("g</", "\x1b</"),
    ],
)  # fmt: skip
def test_a_fault_in_junit_is_found(old: str, new: str) -> None:
    assert junit_faults(JUNIT) == []
    assert old in JUNIT
    assert junit_faults(JUNIT.replace(old, new))


@pytest.mark.parametrize(
    "fault",
    [
        lambda log: log.update(version="2.0.0"),
        lambda log: log.update({"$schema": "no uri"}),
        lambda log: log.pop("runs"),
        lambda log: log["runs"][0].update(result=[]),
        lambda log: log["runs"][0]["tool"]["driver"].pop("name"),
        lambda log: log["runs"][0]["tool"]["driver"]["rules"][0].pop("id"),
        lambda log: log["runs"][0]["invocations"][0].pop("executionSuccessful"),
        lambda log: log["runs"][0]["results"][0].update(level="fatal"),
        lambda log: log["runs"][0]["results"][0].update(ruleIndex="0"),
        lambda log: log["runs"][0]["results"][0].update(message={}),
        lambda log: place(log)["region"].update(startLine=0),
        lambda log: place(log)["artifactLocation"].update(uri="b c.toml"),
        lambda log: place(log)["artifactLocation"].update(uri="b%c.toml"),
    ],
)
def test_a_fault_in_sarif_is_found(fault: Edit) -> None:
    assert sarif_faults(log()) == []
    changed = copy.deepcopy(log())
    fault(changed)
    assert sarif_faults(changed)


@pytest.mark.parametrize(
    "fault",
    [
        lambda log: log.pop("$schema"),
        lambda log: log["runs"][0]["tool"]["driver"]["rules"][0].pop("help"),
        lambda log: log["runs"][0]["tool"]["driver"]["rules"][0].update(fullDescription={"text": "x" * 1025}),
        lambda log: log["runs"][0]["results"][0].update(ruleId="other"),
        lambda log: log["runs"][0]["results"][0].pop("locations"),
        lambda log: log["runs"][0]["results"][0].pop("partialFingerprints"),
        lambda log: log["runs"][0].update(results=[log["runs"][0]["results"][0]] * 2),
        lambda log: (
            log["runs"][0].update(results=[]) or log["runs"].append({**log["runs"][0], "results": [{}]})
        ),
        lambda log: place(log).pop("region"),
        lambda log: place(log)["artifactLocation"].update(uri=""),
        lambda log: place(log)["artifactLocation"].update(uriBaseId="ROOT"),
    ],
)
def test_what_code_scanning_misses_is_found(fault: Edit) -> None:
    assert list(code_scanning_faults(log())) == []
    changed = copy.deepcopy(log())
    fault(changed)
    assert list(code_scanning_faults(changed))


def test_more_results_than_are_shown_are_told() -> None:
    many = log()
    many["runs"][0]["results"] = [
        item | {"partialFingerprints": {"primaryLocationLineHash": f"{number}:1"}}
        for number, item in enumerate(many["runs"][0]["results"][:1] * 5001)
    ]
    (fault,) = code_scanning_faults(many)
    assert fault == "5001 results, of which 5000 are shown"


@pytest.mark.parametrize("find", [lambda: junit_faults(JUNIT), lambda: sarif_faults(log())])
def test_a_missing_extra_is_named(find: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("lxml.etree", "jsonschema"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingDependencyError, match=r"fieldpack\[bench\]"):
        find()


def test_files_are_relative_to_where_the_command_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = tmp_path / "repository"
    (inside / "real").mkdir(parents=True)
    (inside / "link").symlink_to("real")
    monkeypatch.chdir(inside)
    assert artifact_uri(Path("a b/ü:1.toml")) == "a%20b/%C3%BC%3A1.toml"
    assert artifact_uri(inside / "real" / "x") == "real/x"
    assert artifact_uri(Path("link/x")) == "real/x"
    assert artifact_uri(Path("../x")) == (tmp_path.resolve() / "x").as_uri()
    assert artifact_uri(Path("odd\udcff")) == "odd%FF"


def test_a_fingerprint_stays_where_the_message_and_the_line_change() -> None:
    one, other = (
        SarifResult("a", "error", message, Path("b"), "c", line) for message, line in (("x", 1), ("y", 9))
    )
    prints = [
        sarif_log("tool", "d", [RULE], [item])["runs"][0]["results"][0]["partialFingerprints"]
        for item in (one, other)
    ]
    assert prints[0] == prints[1]
