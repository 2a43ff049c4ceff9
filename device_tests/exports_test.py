"""Generated projects of every kind of input follow the grammar of their language, hostile names included."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fieldpack.cli.main import main
from fieldpack.exports.testing import INPUTS, kind_bundle

MODEL = "Sources/TinyModel/Model.swift"
LANGUAGES = {".kt": "kotlin", ".kts": "kotlin", ".swift": "swift"}
LEAST = {"android": 15, "swift": 12, "ai-pack": 1}
"""Sources that a project has at least."""


@pytest.mark.parametrize("kind", INPUTS)
@pytest.mark.parametrize("consumer", LEAST)
def test_sources_follow_the_grammar(
    tmp_path: Path, consumer: str, kind: str, syntax_faults: Callable[[str, str], list[str]]
) -> None:
    project = exported(tmp_path, consumer, kind)
    sources = [path for path in project.rglob("*") if path.suffix in LANGUAGES]
    assert len(sources) >= LEAST[consumer]
    for path in sources:
        assert not syntax_faults(LANGUAGES[path.suffix], path.read_text(encoding="utf-8")), path


@pytest.mark.parametrize(
    ("consumer", "file", "sound", "broken"),
    [
        ("android", "src/main/kotlin/Model.kt", "class Inputs(", "class Inputs"),
        ("android", "src/main/kotlin/Model.kt", "fun prepare0(value", "fun prepare0 value"),
        ("android", "src/main/kotlin/Model.kt", 'NAME = "', "NAME = "),
        ("swift", MODEL, "public struct Inputs {", "public struct Inputs"),
        ("swift", MODEL, "func prepare0(", "func prepare0"),
        ("swift", MODEL, 'name = "', "name = "),
    ],
)
def test_a_planted_fault_is_seen(
    tmp_path: Path,
    consumer: str,
    file: str,
    sound: str,
    broken: str,
    syntax_faults: Callable[[str, str], list[str]],
) -> None:
    path = exported(tmp_path, consumer, "image") / file
    text = path.read_text(encoding="utf-8")
    assert text.count(sound) == 1
    assert syntax_faults(LANGUAGES[path.suffix], text.replace(sound, broken))


def exported(folder: Path, consumer: str, kind: str) -> Path:
    """A project of a bundle with one input of a kind."""
    bundle = kind_bundle(folder / "bundle", kind)
    assert main(["export", str(bundle), "--for", consumer, "--out", str(folder / "out")]) == 0
    return folder / "out"
