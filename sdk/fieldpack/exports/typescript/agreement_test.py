from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from fieldpack.errors import MissingDependencyError, WorkerError
from fieldpack.exports.typescript import agreement, sources
from fieldpack.exports.typescript.agreement import TOLERANCE, disagreement
from fieldpack.exports.typescript.tools import INSTALL, node_modules


@pytest.fixture(scope="module")
def node() -> str:
    found = shutil.which("node")
    if found is None:
        pytest.skip(f"no Node: {INSTALL}")
    return found


def test_node_and_python_agree_on_seeded_inputs(node: str, tmp_path: Path) -> None:
    gaps = disagreement(node, tmp_path, 320, seed=5)
    assert set(gaps) == {"image", "waveform", "location", "scores"}
    assert max(gaps.values()) <= TOLERANCE, gaps


def test_a_gap_is_seen(node: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def shifted(random: object) -> agreement.Case:
        case, wanted = agreement._place(random)  # type: ignore[arg-type]
        return case, [value + 1e-4 for value in wanted]

    monkeypatch.setattr(agreement, "KINDS", (shifted,))
    assert disagreement(node, tmp_path, 4)["location"] > TOLERANCE


def test_a_script_that_fails_is_an_error(node: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agreement, "KINDS", (lambda random: ({"kind": "unheard of"}, [0.0]),))
    with pytest.raises(WorkerError, match="Node"):
        disagreement(node, tmp_path, 1)


def test_a_missing_node_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(MissingDependencyError, match="Node"):
        disagreement(str(tmp_path / "no-node"), tmp_path, 1)


def test_what_is_committed_is_what_the_compiler_makes(tmp_path: Path) -> None:
    compiler = node_modules() / ".bin" / "tsc"
    if not compiler.exists():
        pytest.skip(f"no TypeScript compiler: {INSTALL}")
    command = [str(compiler), "--project", str(sources.FOLDER), "--outDir", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    made = {str(path.relative_to(tmp_path)): path.read_bytes() for path in tmp_path.rglob("*.js")}
    kept = {name: data for folder in (sources.ARITHMETIC, sources.PAGE) for name, data in
            sources.javascript(folder).items()}  # fmt: skip
    assert set(made) == set(kept), "do: make typescript"
    assert [name for name in made if made[name] != kept[name]] == [], "do: make typescript"
    written = {name for folder in (sources.ARITHMETIC, sources.PAGE) for name in sources.typescript(folder)}
    assert {name.removesuffix(".js") for name in made} == {
        name.removesuffix(".ts") for name in written if not name.endswith(".d.ts")
    }
