"""What the README shows works: its commands run, its ``pack.toml`` is read, its tables agree with the code.

A fenced block is found by the second word after the fence: ``sh quickstart``, ``toml pack.toml``.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from fieldpack.cli.main import COMMANDS, main
from fieldpack.errors import ERRORS
from fieldpack.spec import load_spec
from fieldpack.testing import tiny_bundle
from fieldpack.verdict import EXIT_CODES

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def _block(name: str) -> str:
    found = re.findall(rf"^```\w+ {re.escape(name)}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    assert len(found) == 1, f"{len(found)} blocks named {name}"
    return str(found[0])


def test_the_example_spec_is_valid(tmp_path: Path) -> None:
    path = tmp_path / "pack.toml"
    path.write_text(_block("pack.toml"), encoding="utf-8")
    spec = load_spec(path)
    assert spec.pack.name == "garden-birds"
    assert [flavour.name for flavour in spec.flavours] == ["tflite-int8", "coreml-fp16"]


def test_every_command_shown_exists() -> None:
    shown = set(re.findall(r"\bfieldpack ([a-z-]+) ?", "\n".join(_code())))
    assert len(shown) >= 6
    assert shown <= set(COMMANDS)


def _code() -> list[str]:
    return [
        _block("quickstart"),
        _block("sound"),
        _block("trust"),
        *re.findall(r"`(fieldpack [^`]+)`", README),
    ]


def test_every_make_target_shown_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)`", README)) <= targets


def test_every_exit_code_is_explained() -> None:
    explained = {int(code) for code in re.findall(r"^\| (\d) \| ", README, re.MULTILINE)}
    used = {kind.exit_code for kind in ERRORS.values()} | set(EXIT_CODES.values())
    assert used == explained


def test_every_link_leads_somewhere() -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in link]
    assert links
    assert not [link for link in links if not (ROOT / link).exists()]


@pytest.mark.parametrize("page", ["README.md", "ARCHITECTURE.md", "sdk/README.md", "device_tests/README.md"])
def test_every_file_named_exists(page: str) -> None:
    named = re.findall(r"`([a-z_./]+(?:\.py|\.md|\.toml|/))`", (ROOT / page).read_text(encoding="utf-8"))
    existing = [f"/{path.relative_to(ROOT).as_posix()}" for path in _files_and_folders()]
    absent = [name for name in named if not any(path.endswith(f"/{name.rstrip('/')}") for path in existing)]
    assert not absent


def _files_and_folders() -> list[Path]:
    roots = ("sdk", "converters", "benchmarks", "reference_models", "device_tests")
    return [*ROOT.iterdir(), *(path for root in roots for path in (ROOT / root).rglob("*"))]


def test_signing_works_as_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in ("build", "app/models"):
        tiny_bundle(tmp_path / place / "meadow-12")
    monkeypatch.chdir(tmp_path)
    for line in _block("trust").splitlines():
        assert main(shlex.split(line)[1:]) == 0, line


@pytest.mark.full
def test_the_quick_start_works(tmp_path: Path) -> None:
    """Run as written, in a folder that looks like a fresh clone but has no build folder."""
    for entry in ROOT.iterdir():
        if entry.name != "build":
            (tmp_path / entry.name).symlink_to(entry)
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    for name in ("constraints.txt", "pyproject.toml"):  # else `make venv` would point .venv at this folder
        made = ROOT / ".venv" / name.replace(".txt", ".made").replace(".toml", ".made")
        if not made.exists() or made.read_bytes() != (ROOT / name).read_bytes():
            pytest.skip("the quick start begins with `make venv`, which is due here; do: make venv")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", _block("quickstart")],
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert (tmp_path / "build" / "meadow-12" / "manifest.json").is_file()
    assert "<html" in (tmp_path / "build" / "meadow-12.html").read_text(encoding="utf-8")
