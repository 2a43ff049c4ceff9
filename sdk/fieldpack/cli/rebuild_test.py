"""What a rebuild says of bundles that differ; the build itself is in place of one."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from fieldpack.bundle.write import BundleWriter
from fieldpack.cli.main import main
from fieldpack.taxonomy import Form, Taxon, Taxonomy, write_taxonomy
from fieldpack.taxonomy.release import release_taxonomy
from fieldpack.testing import TINY_LABELS, tiny_bundle, tiny_content

TREE = Taxonomy(
    (
        Taxon("1", None, "Insecta", 50.0),
        *(Taxon(str(2 + place), "1", label, 10.0, place) for place, label in enumerate(TINY_LABELS)),
    )
)


@pytest.fixture
def original(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A bundle with a taxonomy, which every build gives."""
    output = {"name": "scores", "activation": "softmax", "labels": "labels.txt", "taxonomy": "taxa.csv"}
    with BundleWriter(tmp_path / "old") as writer:
        fields = tiny_content(writer)
        writer.add_bytes("taxa.csv", write_taxonomy(TREE, Form.PLAIN))
        writer.commit({**fields, "contract": {**fields["contract"], "outputs": [output]}})
    monkeypatch.setattr("fieldpack.cli.rebuild._built", lambda *told: tmp_path / "old")
    return tmp_path / "old"


def test_the_same_bytes_are_identical(original: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rebuild", "pack.toml", "--check", str(original)]) == 0
    assert capsys.readouterr().out.rstrip().endswith("rebuild: IDENTICAL")


def test_a_release_differs_in_names_alone(
    original: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    renamed = [dataclasses.replace(item, name=item.name + "s") for item in TREE.taxa]
    release_taxonomy(original, Taxonomy(tuple(renamed)), "9.0.0", tmp_path / "new")
    assert main(["rebuild", "pack.toml", "--check", str(tmp_path / "new")]) == 1
    told = capsys.readouterr().out
    assert "differs  taxa.csv" in told
    assert "version  9.0.0 given, 1.0.0 in the spec" in told
    assert "names alone differ" in told


def test_another_model_is_no_release(
    original: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tiny_bundle(tmp_path / "other", folder_flavour=True)
    assert main(["rebuild", "pack.toml", "--check", str(other), "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert not document["identical"]
    assert not document["only_names"]
    assert document["versions"] == ["1.0.0", "1.0.0"]
