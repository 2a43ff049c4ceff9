"""The templates, run here as build systems run them: the steps' own commands, with a stand-in for pip."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from fieldpack.cli.main import main
from fieldpack.testing import tiny_bundle

PASS, FAIL, NOT_RUN = (
    "[every]\ninstalled_bytes = 100000\n",
    "[every]\ninstalled_bytes = 1\n",
    '[every.instructions]\n"qemu-arm64:cortex-a76" = 1\n',
)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A team's repository with a bundle, and a ``fieldpack`` on the path."""
    tools = tmp_path / "tools"
    tools.mkdir()
    _script(tools / "fieldpack", f'exec "{sys.executable}" -m fieldpack.cli.main "$@"')
    _script(tools / "python", 'echo "$@" >> pip.log')
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    tiny_bundle(tmp_path / "tiny model.fieldpack")
    return tmp_path


def _script(path: Path, line: str) -> None:
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)


def _github(repository: Path, **inputs: str) -> tuple[int, str]:
    """Run the composite action as GitHub does: inputs filled in, each step with its variables."""
    assert main(["ci", "github", "--out", str(repository)]) == 0
    place = repository / ".github" / "actions" / "fieldpack-gate"
    action = yaml.safe_load((place / "action.yml").read_text())
    given = {name: str(item.get("default", "")) for name, item in action["inputs"].items()} | inputs
    assert set(given) == set(action["inputs"])
    log, code = "", 0
    for step in action["runs"]["steps"]:
        assert step["shell"] == "bash"
        if step.get("if") == "inputs.install != ''" and not given["install"]:
            continue
        code, out = _bash(repository, step["run"], {
            "GITHUB_ACTION_PATH": str(place),
            "GITHUB_OUTPUT": str(repository / "output"),
            "GITHUB_STEP_SUMMARY": str(repository / "step_summary"),
            **{name: _filled(value, given) for name, value in step["env"].items()},
        })  # fmt: skip
        log += out
        if code:
            break
    return code, log


def _filled(value: str, given: dict[str, str]) -> str:
    return re.sub(r"\$\{\{ inputs\.([a-z]+) \}\}", lambda match: given[match[1]], value)


def _gitlab(repository: Path, **variables: str) -> tuple[int, str]:
    """Run the job's script as a runner does: one shell, every line, the first failure ends it."""
    assert main(["ci", "gitlab", "--out", str(repository)]) == 0
    job = yaml.safe_load((repository / ".gitlab" / "fieldpack" / "gitlab.yml").read_text())[".fieldpack-gate"]
    return _bash(repository, "\n".join(job["script"]), job["variables"] | variables)


def _bash(folder: Path, script: str, variables: dict[str, Any]) -> tuple[int, str]:
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=folder, env=os.environ | variables, capture_output=True, text=True,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("budget", "code", "outcome"), [(PASS, 0, "pass"), (FAIL, 1, "fail"), (NOT_RUN, 4, "not_run")]
)
def test_an_action_ends_as_the_gate_does_and_shows_its_summary(
    repository: Path, budget: str, code: int, outcome: str
) -> None:
    (repository / "budget.toml").write_text(budget)
    found, log = _github(repository, bundle="tiny model.fieldpack", budget="budget.toml")
    assert found == code, log
    assert (repository / "output").read_text() == f"outcome={outcome}\n"
    assert f"tiny 1.0.0: {outcome}" in (repository / "step_summary").read_text()
    assert {path.name for path in (repository / "fieldpack-gate").iterdir()} == {
        "junit.xml", "gate.sarif", "summary.md",
    }  # fmt: skip
    assert "pip install --quiet fieldpack" in (repository / "pip.log").read_text()


@pytest.mark.parametrize(("budget", "code"), [(PASS, 0), (FAIL, 1), (NOT_RUN, 4)])
def test_a_job_ends_as_the_gate_does(repository: Path, budget: str, code: int) -> None:
    (repository / "budget.toml").write_text(budget)
    found, log = _gitlab(repository, FIELDPACK_BUNDLE="tiny model.fieldpack", FIELDPACK_BUDGET="budget.toml")
    assert found == code, log
    assert (repository / "fieldpack-gate" / "junit.xml").is_file()


@pytest.mark.parametrize(("choice", "code"), [("allow", 0), ("refuse", 3), ("maybe", 2)])
def test_an_inconclusive_gate_ends_a_job_only_where_it_may(repository: Path, choice: str, code: int) -> None:
    _script(repository / "tools" / "fieldpack", "exit 3")
    for run in (_github, _gitlab):
        given = {"inconclusive": choice, "bundle": "x"} if run is _github else {
            "FIELDPACK_INCONCLUSIVE": choice, "FIELDPACK_BUNDLE": "x",
        }  # fmt: skip
        found, log = run(repository, **given)
        assert found == code, log
        assert "maybe" not in choice or "allowed: allow, refuse" in log


def test_every_target_is_benched_before_the_gate_and_a_lost_one_does_not_end_the_job_early(
    repository: Path,
) -> None:
    _script(repository / "tools" / "fieldpack", 'echo "$@" >> calls.log; [ "$1" = gate ] || exit 4')
    code, _ = _github(repository, bundle="a b", targets="host qemu-arm64:cortex-a76", install="")
    calls = (repository / "calls.log").read_text().splitlines()
    assert code == 0
    assert calls[0] == "bench run a b --on host --records .fieldpack/bench"
    assert calls[1].startswith("bench run a b --on qemu-arm64:cortex-a76")
    assert calls[2].startswith("gate a b --junit")
    assert not (repository / "pip.log").exists()


def test_the_script_is_sound_shell() -> None:
    path = Path(__file__).parents[1] / "ci" / "gate.sh"
    assert subprocess.run(["bash", "-n", str(path)]).returncode == 0
    checker = shutil.which("shellcheck")
    if checker is not None:
        assert subprocess.run([checker, str(path)]).returncode == 0


def test_a_repository_that_cannot_be_written_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "plain").write_text("")
    assert main(["ci", "github", "--out", str(tmp_path / "plain")]) == 2
    assert "cannot be written" in capsys.readouterr().err
