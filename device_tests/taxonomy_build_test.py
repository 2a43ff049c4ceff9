"""A build with iNaturalist's taxonomy beside its spec: one form in the bundle, figures by rank, a release."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from fieldpack.bundle.read import open_bundle
from fieldpack.cli.main import main
from fieldpack.taxonomy.release import stored_taxonomy
from fieldpack.testing import TINY_SPEC, tiny_tflite

pytestmark = pytest.mark.full

SPEC = f"""{TINY_SPEC}taxonomy = "taxonomy.csv"

[data]
golden = 2
evaluation = {{ kind = "arrays", inputs = {{ vector = "evaluation.npy" }}, labels = "classes.npy" }}

[[flavours]]
kind = "tflite"
name = "small"
method = "float32"
io = "float32"
fold_scaling = false

[budget.every]
top1_agreement = 0.8
"""
TAXONOMY = """parent_taxon_id,taxon_id,rank_level,leaf_class_id,geo_threshold,name
,47158,50,,,Insecta
47158,47201,40,,,Hymenoptera
47201,630955,33.5,,,Anthophila
630955,1,10,0,0.25,bee
47158,2,10,1,,moth
47201,3,10,2,0.5,wasp
"""


def test_a_build_stores_one_form_and_judges_by_rank(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pack.toml").write_text(SPEC)
    (tmp_path / "model.tflite").write_bytes(tiny_tflite())
    (tmp_path / "labels.txt").write_text("bee\nmoth\nwasp\n")
    (tmp_path / "taxonomy.csv").write_bytes(b"\xef\xbb\xbf" + TAXONOMY.encode())
    random = np.random.default_rng(0)
    np.save(tmp_path / "evaluation.npy", random.uniform(-1, 1, (64, 4)).astype(np.float32))
    np.save(tmp_path / "classes.npy", random.integers(0, 3, 64))
    target = tmp_path / "tiny.fieldpack"
    assert main(["build", str(tmp_path / "pack.toml"), "--out", str(target)]) == 0
    with open_bundle(target) as bundle:
        taxonomy = stored_taxonomy(bundle)
        assert bundle.read("labels/scores.taxonomy.csv").startswith(
            b"taxon,parent,rank_level,leaf,threshold,"
        )
        assert [taxon.id for taxon in taxonomy.leaves] == ["1", "2", "3"]
        assert taxonomy.by_id["630955"].rank_level == 33.5
        assert taxonomy.by_id["3"].threshold == 0.5
        evidence = json.loads(bundle.read(bundle.manifest.evidence))
        (runs,) = evidence["flavours"]["small"]["runs"].values()
        figures = runs["scores"]["figures"]
        found = {figure["name"]: figure["value"] for figure in figures}
        assert (found["order_agreement"], found["class_agreement"]) == (1.0, 1.0)
        assert "genus_agreement" not in found
    assert main(["verify", str(target)]) == 0
    (tmp_path / "new.csv").write_text(TAXONOMY.replace("wasp", "Vespula"))
    release = [
        "taxonomy",
        "release",
        str(target),
        "--taxonomy",
        str(tmp_path / "new.csv"),
        "--version",
        "1.0.1",
    ]
    capsys.readouterr()
    assert main([*release, "--out", str(tmp_path / "new.fieldpack")]) == 0
    assert "renamed: 1\n  3: wasp -> Vespula" in capsys.readouterr().out
    (tmp_path / "taxonomy.csv").write_text(TAXONOMY.replace("47158,2,10,1", "47158,2,10,3"))
    assert main(["build", str(tmp_path / "pack.toml"), "--out", str(target)]) == 2
