"""Reading: both forms give the same, every file is checked on use, temporary files go away."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from fieldpack.bundle.digest import sha256_bytes
from fieldpack.bundle.read import open_bundle
from fieldpack.bundle.verify import check_structure
from fieldpack.errors import BundleError, StorageError
from fieldpack.testing import TINY_LABELS, TINY_MODEL, TINY_PACKAGE, tiny_bundle, tiny_golden

FORMS = ("tiny", "tiny.fieldpack")


@pytest.fixture(params=FORMS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tiny_bundle(tmp_path / request.param, folder_flavour=True)


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_everything_that_was_written_is_read(place: Path) -> None:
    vectors, scores = tiny_golden()
    with open_bundle(place) as bundle:
        assert bundle.digest == sha256_bytes(bundle.manifest_data)
        assert bundle.labels("scores") == TINY_LABELS
        np.testing.assert_array_equal(bundle.golden_inputs()["vector"], vectors)
        np.testing.assert_array_equal(bundle.golden_outputs()["scores"], scores)
        np.testing.assert_array_equal(bundle.flavour_golden("coreml-float32")["scores"], scores)
        for name, entry in bundle.manifest.files.items():
            assert len(bundle.read(name)) == entry.size_bytes
            assert bundle.path(name).read_bytes() == bundle.read(name)
        package = bundle.path(TINY_PACKAGE)
        assert sorted(path.name for path in package.rglob("*") if path.is_file()) == [
            "Manifest.json",
            "weight.bin",
        ]


def test_the_tiny_model_runs_and_gives_its_golden_outputs(place: Path) -> None:
    from ai_edge_litert.interpreter import Interpreter

    with open_bundle(place) as bundle:
        interpreter = Interpreter(str(bundle.path(TINY_MODEL)))
        interpreter.allocate_tensors()
        for vector, scores in zip(
            bundle.golden_inputs()["vector"], bundle.golden_outputs()["scores"], strict=True
        ):
            interpreter.set_tensor(interpreter.get_input_details()[0]["index"], vector[None])
            interpreter.invoke()
            found = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
            np.testing.assert_allclose(found[0], scores, atol=1e-6)


def test_extracted_files_go_away(temporary: Path, tmp_path: Path) -> None:
    place = tiny_bundle(tmp_path / "tiny.fieldpack")
    with open_bundle(place) as bundle:
        model = bundle.path(TINY_MODEL)
        assert temporary in model.parents
        assert model.stat().st_mode & 0o077 == 0 or model.parents[1].stat().st_mode & 0o077 == 0
        assert bundle.path(TINY_MODEL) == model
    assert os.listdir(temporary) == []
    forgotten = open_bundle(place)
    forgotten.path(TINY_MODEL)
    assert len(os.listdir(temporary)) == 1
    del forgotten
    gc.collect()
    assert os.listdir(temporary) == []


def test_a_folder_is_used_in_place(tmp_path: Path) -> None:
    place = tiny_bundle(tmp_path / "tiny")
    (tmp_path / "latest").symlink_to("tiny")
    with open_bundle(tmp_path / "latest") as bundle:
        assert bundle.path(TINY_MODEL) == place.resolve() / TINY_MODEL
    assert check_structure(tmp_path / "latest") == []


def test_a_change_after_opening_is_noticed(tmp_path: Path) -> None:
    place = tiny_bundle(tmp_path / "tiny")
    with open_bundle(place) as bundle:
        (place / "labels.txt").write_text("bee\nmoth\nwaps\n")
        (place / TINY_MODEL).unlink()
        with pytest.raises(BundleError, match=r"labels\.txt was altered"):
            bundle.labels("scores")
        with pytest.raises(BundleError, match="missing"):
            bundle.path(TINY_MODEL)
        (place / "golden/vector.npy").write_bytes(bytes(10_000_000))
        with pytest.raises(BundleError, match="too large"):
            bundle.golden_inputs()


def test_links_are_not_followed(tmp_path: Path) -> None:
    place = tiny_bundle(tmp_path / "tiny")
    (place / "golden").rename(tmp_path / "golden")
    (place / "golden").symlink_to(tmp_path / "golden")
    (place / "labels.txt").rename(tmp_path / "labels.txt")
    (place / "labels.txt").symlink_to(tmp_path / "labels.txt")
    with open_bundle(place) as bundle:
        for name in ("golden/vector.npy", "labels.txt"):
            with pytest.raises(BundleError, match="leaves the bundle"):
                bundle.read(name)
    (place / "manifest.json").rename(tmp_path / "manifest.json")
    (place / "manifest.json").symlink_to(tmp_path / "manifest.json")
    with pytest.raises(BundleError, match="leaves the bundle"):
        open_bundle(place)


def test_what_is_not_there_is_named(place: Path) -> None:
    with open_bundle(place) as bundle:
        for name in ("nothing.txt", "../tiny/labels.txt", "/etc/hostname", "", "golden/", "manifest.json"):
            with pytest.raises(BundleError, match="has no file"):
                bundle.read(name)
            with pytest.raises(BundleError, match="has no file or folder"):
                bundle.path(name)
        with pytest.raises(BundleError, match="no such output") as caught:
            bundle.labels("other")
        assert caught.value.allowed == "scores"
        with pytest.raises(BundleError, match="no such flavour") as caught:
            bundle.flavour_golden("other")
        assert caught.value.allowed == "tflite-float32, coreml-float32"


def test_a_place_may_be_given_as_text(place: Path) -> None:
    with open_bundle(str(place)) as bundle:
        assert bundle.location == place


@pytest.mark.parametrize("path", ["none", "file.txt/none", "a\0b", "/dev/null", "x" * 300])
def test_no_bundle_at_all(path: str, tmp_path: Path) -> None:
    (tmp_path / "file.txt").write_text("hello")
    for look in (open_bundle, check_structure):
        with pytest.raises((BundleError, StorageError)):
            look(tmp_path / path)


def test_an_unknown_schema_says_which_are_known(tmp_path: Path) -> None:
    place = tiny_bundle(tmp_path / "tiny")
    data = (place / "manifest.json").read_bytes().replace(b'"schema_version": 1', b'"schema_version": 7')
    (place / "manifest.json").write_bytes(data)
    (place / "DIGEST").write_text(f"sha256:{sha256_bytes(data)}\n")
    with pytest.raises(
        BundleError, match="schema_version 7 is unknown; this version reads schema 1"
    ) as caught:
        open_bundle(place)
    assert "upgrade" in str(caught.value.hint)


def test_a_full_disk_while_extracting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tiny_bundle(tmp_path / "tiny.fieldpack")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    with open_bundle(place) as bundle, pytest.raises(StorageError, match="no temporary folder"):
        bundle.path(TINY_MODEL)


def test_importing_stays_light() -> None:
    script = (
        "import sys, fieldpack.bundle; print([m for m in ('numpy', 'ai_edge_litert') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"
