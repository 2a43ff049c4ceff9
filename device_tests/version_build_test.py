"""Builds that follow a bundle: the version is counted from what changed, and a lower one is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.bundle.read import open_bundle
from fieldpack.cli.main import main
from fieldpack.testing import TINY_SPEC, dense_tflite, tiny_tflite

pytestmark = pytest.mark.full

SPEC = f"""{TINY_SPEC}
[data]
golden = 4
evaluation = {{ kind = "arrays", inputs = {{ vector = "evaluation.npy" }}, labels = "classes.npy" }}

[[flavours]]
kind = "tflite"
name = "small"
method = "float32"
io = "float32"
fold_scaling = false

[budget.every]
installed_bytes = 100000
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    (tmp_path / "pack.toml").write_text(SPEC)
    (tmp_path / "model.tflite").write_bytes(tiny_tflite())
    (tmp_path / "labels.txt").write_text("bee\nmoth\nwasp\n")
    random = np.random.default_rng(0)
    np.save(tmp_path / "evaluation.npy", random.uniform(-1, 1, (64, 4)).astype(np.float32))
    np.save(tmp_path / "classes.npy", random.integers(0, 3, 64))
    return tmp_path / "pack.toml"


def test_a_build_counts_its_version_from_the_bundle_before(
    spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = tmp_path / "first"

    def build(name: str, *options: str) -> tuple[int, dict[str, Any]]:
        capsys.readouterr()
        code = main(["build", str(spec), "--out", str(tmp_path / name), "--json", *options])
        return code, json.loads(capsys.readouterr().out)

    assert build("first")[1]["version"] == {
        "version": "1.0.0", "baseline": None, "step": None, "reasons": []
    }  # fmt: skip
    code, again = build("again", "--baseline", str(first))
    assert (code, again["version"]["version"], again["version"]["step"]) == (0, "1.0.0", "none")
    with open_bundle(first) as one, open_bundle(tmp_path / "again") as other:
        assert one.digest == other.digest
        assert one.manifest.flavours[0].requires.android == "21"
        assert one.manifest.flavours[0].requires.plugins["react-native-fast-tflite"] == "3.0.1"

    weights = np.random.default_rng(3).normal(size=(3, 4)).astype(np.float32)
    (tmp_path / "model.tflite").write_bytes(
        dense_tflite("vector", (1, 4), weights, np.zeros(3, np.float32), "softmax")
    )
    code, retrained = build("retrained", "--baseline", str(first))
    assert (code, retrained["version"]["version"], retrained["version"]["step"]) == (0, "1.1.0", "minor")
    assert [item["rule"] for item in retrained["version"]["reasons"]] == ["outputs.changed"]
    with open_bundle(tmp_path / "retrained") as bundle:
        before = bundle.manifest.lineage.baseline
        assert before is not None
        assert (before.version, before.digest) == ("1.0.0", again["digest"])

    for stated in ("1.0.5", "0.9.0"):
        spec.write_text(SPEC.replace('name = "tiny"', f'name = "tiny"\nversion = "{stated}"'))
        code, refused = build("refused", "--baseline", str(first))
        assert code == 2
        assert stated in refused["error"]["came"]
        assert not (tmp_path / "refused").exists()

    spec.write_text(SPEC)
    check = ["rebuild", str(spec), "--check", str(tmp_path / "retrained")]
    assert main(check) == 2
    assert main([*check, "--baseline", str(tmp_path / "again")]) == 0
    assert main([*check, "--baseline", str(tmp_path / "retrained")]) == 2
