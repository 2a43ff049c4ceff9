"""The Swift project of the tiny bundle, as far as it can be looked at without a Mac."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from fieldpack.bundle.read import open_bundle
from fieldpack.phone_projects import facts
from fieldpack.phone_projects.line import PhoneLine
from fieldpack.phone_projects.project import ASSETS, PhoneKind, write_project
from fieldpack.testing import tiny_bundle

SOURCES = "Tests/FieldpackBenchTests"
STUB = """#!/bin/sh
echo "$(basename "$0") ${TEST_RUNNER_FIELDPACK_FLAVOUR:-} ${TEST_RUNNER_FIELDPACK_ROUND:-} \
${TEST_RUNNER_FIELDPACK_FRESH:-} $1" >> "$CALLS"
case "$*" in
test-without-building*) exit "${BROKEN:-0}" ;;
*"device copy from"*) for last; do :; done; echo '{"line": 1}' > "$last" ;;
esac
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ios")
    with open_bundle(tiny_bundle(folder / "tiny", folder_flavour=True)) as bundle:
        return write_project(bundle, PhoneKind.IOS, folder / "project")


def test_swift_follows_the_grammar(project: Path, syntax_faults: Callable[[str, str], list[str]]) -> None:
    sources = list(project.rglob("*.swift"))
    assert len(sources) >= 8
    for path in sources:
        assert not syntax_faults("swift", path.read_text(encoding="utf-8")), path


@pytest.mark.parametrize(
    ("sound", "broken"),
    [
        ("struct Border: Decodable {", "struct Border: Decodable "),
        ("return value * factors[channel % factors.count]", "return value * factors[channel % factors.count"),
        ("private func key(_ place: Int)", "private func key(_ place Int)"),
    ],
)
def test_a_planted_fault_of_swift_is_seen(
    project: Path, syntax_faults: Callable[[str, str], list[str]], sound: str, broken: str
) -> None:
    text = (project / SOURCES / "Border.swift").read_text(encoding="utf-8")
    assert text.count(sound) == 1
    assert syntax_faults("swift", text.replace(sound, broken))


def test_what_code_and_project_name_is_there(project: Path) -> None:
    package = (project / "Package.swift").read_text()
    code = (project / SOURCES / "PhoneBenchTests.swift").read_text()
    copied, named = re.search(r'\.copy\("(\w+)"\)', package), re.search(r'forResource: "(\w+)"', code)
    assert copied is not None
    assert named is not None
    assert f"{SOURCES}/{copied[1]}" == f"{SOURCES}/{named[1]}" == ASSETS[PhoneKind.IOS]
    assert f'path: "{SOURCES}"' in package
    told: dict[str, Any] = yaml.safe_load((project / "project.yml").read_text())
    host, tests = told["targets"]["FieldpackBenchHost"], told["targets"]["FieldpackBenchTests"]
    assert host["settings"]["PRODUCT_BUNDLE_IDENTIFIER"] == facts.PACKAGE
    places = [*host["sources"], *(source["path"] for source in tests["sources"])]
    assert ASSETS[PhoneKind.IOS] in places
    for place in places:
        assert (project / place).is_dir(), place


def test_the_line_of_swift_has_the_keys_of_the_schema(project: Path) -> None:
    text = (project / SOURCES / "Line.swift").read_text()
    keys = text[text.index("enum CodingKeys") : text.index("func append")]
    (plain,) = re.findall(r"case ([\w, ]+)$", keys.splitlines()[1])
    found = set(plain.split(", ")) | set(re.findall(r'= "(\w+)"', keys))
    assert found == {field.alias or name for name, field in PhoneLine.model_fields.items()}


@pytest.mark.parametrize("broken", [False, True])
def test_the_script_runs_every_round_and_fetches_the_result(
    project: Path, tmp_path: Path, broken: bool
) -> None:
    calls = tmp_path / "calls"
    for name in ("xcodegen", "xcodebuild", "xcrun"):
        (tmp_path / name).write_text(STUB)
        (tmp_path / name).chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "CALLS": str(calls)}
    done = subprocess.run(
        ["sh", str(project / "run.sh"), "0001", "TEAM"],
        cwd=tmp_path,
        env=environment | ({"BROKEN": "65"} if broken else {}),
        capture_output=True,
        text=True,
    )
    assert done.returncode == int(broken), done.stderr
    assert (tmp_path / facts.RESULT).read_text() == '{"line": 1}\n'
    lines = [line.split() for line in calls.read_text().splitlines()]
    assert lines[:2] == [["xcodegen", "generate"], ["xcodebuild", "build-for-testing"]]
    tested = [line[1:4] for line in lines if line[-1] == "test-without-building"]
    assert tested == [["coreml-float32", str(number), str(int(number == 1))] for number in range(1, 6)]
    assert lines[-1][0] == "xcrun"


def test_the_script_asks_for_phone_and_team(project: Path) -> None:
    for words, message in (([], "usage: run.sh UDID TEAM"), (["0001"], "development team")):
        done = subprocess.run(["sh", str(project / "run.sh"), *words], capture_output=True, text=True)
        assert done.returncode != 0
        assert message in done.stderr
