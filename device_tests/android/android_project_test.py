"""The Android project of the tiny bundle, as far as it can be looked at without an SDK or a phone."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from fieldpack.bundle.read import open_bundle
from fieldpack.phone_projects import facts
from fieldpack.phone_projects.line import PhoneLine
from fieldpack.phone_projects.project import ASSETS, PhoneKind, write_project
from fieldpack.testing import tiny_bundle

SOURCES = "bench/src/androidTest/kotlin"
STUB = """#!/bin/sh
echo "$(basename "$0") $*" >> "$CALLS"
case "$*" in
*"am instrument"*) if [ -n "${BROKEN:-}" ]; then echo "Process crashed."; else echo "OK (1 test)"; fi ;;
*exec-out*) echo '{"line": 1}' ;;
esac
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("android")
    with open_bundle(tiny_bundle(folder / "tiny")) as bundle:
        return write_project(bundle, PhoneKind.ANDROID, folder / "project")


def test_kotlin_and_gradle_follow_the_grammar(
    project: Path, syntax_faults: Callable[[str, str], list[str]]
) -> None:
    sources = [path for path in project.rglob("*") if path.suffix in (".kt", ".kts")]
    assert len(sources) >= 6
    for path in sources:
        assert not syntax_faults("kotlin", path.read_text(encoding="utf-8")), path


@pytest.mark.parametrize(
    ("sound", "broken"),
    [
        ("internal class Border(values: JSONObject) {", "internal class Border(values: JSONObject {"),
        ("buffer.putFloat(value)", "buffer.putFloat(value"),
        ('"no input of type $dtype"', '"no input of type $dtype'),
    ],
)
def test_a_planted_fault_of_kotlin_is_seen(
    project: Path, syntax_faults: Callable[[str, str], list[str]], sound: str, broken: str
) -> None:
    text = (project / SOURCES / "org/fieldpack/bench/Border.kt").read_text(encoding="utf-8")
    assert text.count(sound) == 1
    assert syntax_faults("kotlin", text.replace(sound, broken))


def test_the_manifest_is_xml_and_packages_lie_where_they_say(project: Path) -> None:
    root = ElementTree.parse(project / "bench/src/main/AndroidManifest.xml").getroot()
    assert root.tag == "manifest"
    build = (project / "bench/build.gradle.kts").read_text()
    assert f'namespace = "{facts.PACKAGE}"' in build
    assert f'"com.google.ai.edge.litert:litert:{facts.LITERT}"' in build
    for path in (project / SOURCES).rglob("*.kt"):
        package = re.search(r"^package (\S+)$", path.read_text(), re.MULTILINE)
        assert package is not None
        assert package[1] == facts.PACKAGE == ".".join(path.parent.relative_to(project / SOURCES).parts)


def test_what_the_code_names_is_there(project: Path) -> None:
    code = "".join(path.read_text() for path in (project / SOURCES).rglob("*.kt"))
    folder = re.search(r'const val FOLDER = "(\w+)"', code)
    index = re.search(r'const val INDEX = "([\w.]+)"', code)
    assert folder is not None
    assert index is not None
    assert ASSETS[PhoneKind.ANDROID] == f"bench/src/androidTest/assets/{folder[1]}"
    assert (project / ASSETS[PhoneKind.ANDROID] / index[1]).is_file()
    modules = re.findall(r'include\(":(\w+)"\)', (project / "settings.gradle.kts").read_text())
    assert modules == ["bench"]
    assert (project / modules[0] / "build.gradle.kts").is_file()


def test_the_line_of_kotlin_has_the_keys_of_the_schema(project: Path) -> None:
    code = "".join(path.read_text() for path in (project / SOURCES).rglob("*.kt"))
    found = set(re.findall(r'put\("(\w+)"', code))
    assert {field.alias or name for name, field in PhoneLine.model_fields.items()} <= found


@pytest.mark.parametrize("broken", [False, True])
def test_the_script_runs_every_round_and_fetches_the_result(
    project: Path, tmp_path: Path, broken: bool
) -> None:
    calls = tmp_path / "calls"
    for name in ("adb", "gradle"):
        (tmp_path / name).write_text(STUB)
        (tmp_path / name).chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "CALLS": str(calls)}
    done = subprocess.run(
        ["sh", str(project / "run.sh"), "R58"],
        cwd=tmp_path,
        env=environment | ({"BROKEN": "1"} if broken else {}),
        capture_output=True,
        text=True,
    )
    assert done.returncode == int(broken), done.stderr
    assert ("Process crashed." in done.stderr) is broken
    assert (tmp_path / facts.RESULT).read_text() == '{"line": 1}\n'
    lines = calls.read_text().splitlines()
    assert lines[0] == "gradle :bench:assembleDebugAndroidTest"
    assert all(line.startswith("adb -s R58 ") for line in lines[1:])
    rounds = [re.search(r"-e flavour (\S+) -e round (\d) (\S+)$", line) for line in lines]
    wanted = f"{facts.PACKAGE}.test/{facts.RUNNER}"
    told = [found.groups() for found in rounds if found]
    assert told == [("tflite-float32", str(number), wanted) for number in range(1, 6)]


def test_the_script_asks_for_a_serial(project: Path) -> None:
    done = subprocess.run(["sh", str(project / "run.sh")], capture_output=True, text=True)
    assert done.returncode != 0
    assert "usage: run.sh SERIAL" in done.stderr
