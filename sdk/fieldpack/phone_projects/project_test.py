from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.bundle.digest import content_digest, sha256_file
from fieldpack.bundle.read import Bundle, open_bundle
from fieldpack.bundle.write import BundleWriter
from fieldpack.errors import BundleError, FieldpackError, InputError, StorageError, UnsupportedError
from fieldpack.phone_projects.index import raw_floats
from fieldpack.phone_projects.project import ASSETS, PhoneKind, write_project
from fieldpack.templates import MARK, filled
from fieldpack.testing import TINY_MODEL, dense_tflite, tiny_bundle, tiny_content, tiny_golden
from fieldpack.tflite.runner import TfliteRunner

HOSTILE = "ve\"c${x}\\n\n\u866b\u202e')};"


def index_of(project: Path, kind: PhoneKind) -> dict[str, Any]:
    """The index of a project."""
    found: dict[str, Any] = json.loads((project / ASSETS[kind] / "index.json").read_text())
    return found


def changed_bundle(target: Path, **changes: Any) -> Path:
    """The tiny bundle, with fields of both flavours changed."""
    with BundleWriter(target) as writer:
        fields = tiny_content(writer, folder_flavour=True)
        for flavour in fields["flavours"]:
            for name, value in changes.items():
                flavour[name] = flavour[name] | value
        writer.commit(fields)
    return target


@pytest.mark.parametrize("kind", PhoneKind)
def test_every_mark_is_filled_and_every_file_of_the_index_is_there(
    bundle: Bundle, tmp_path: Path, kind: PhoneKind
) -> None:
    project = write_project(bundle, kind, tmp_path / "out")
    assets = project / ASSETS[kind]
    for path in project.rglob("*"):
        if path.is_file() and assets not in path.parents:
            assert not MARK.search(path.read_text(encoding="utf-8")), path
    index = index_of(project, kind)
    assert index["bundle"]["digest"] == bundle.digest
    (flavour,) = index["flavours"]
    assert flavour["files"] == {name: sha256_file(assets / name) for name in flavour["files"]}
    assert content_digest(assets / flavour["model"]) == flavour["digest"]
    named = {item["file"] for item in (*index["inputs"], *flavour["outputs"])} | set(flavour["files"])
    there = {path.relative_to(assets).as_posix() for path in assets.rglob("*") if path.is_file()}
    assert there == named | {"index.json"}
    assert os.access(project / "run.sh", os.X_OK)


def test_assets_alone_tell_how_to_repeat_the_golden_outputs(bundle: Bundle, tmp_path: Path) -> None:
    project = write_project(bundle, PhoneKind.ANDROID, tmp_path / "out")
    index, assets = index_of(project, PhoneKind.ANDROID), project / ASSETS[PhoneKind.ANDROID]
    (flavour,), (given,) = index["flavours"], index["inputs"]
    (taken,), (made,) = flavour["inputs"], flavour["outputs"]
    vectors = np.fromfile(assets / given["file"], "<f4").reshape(index["count"], *given["shape"])
    expected = np.fromfile(assets / made["file"], "<f4").reshape(index["count"], -1)
    runner = TfliteRunner(assets / flavour["model"])
    for vector, wanted in zip(vectors, expected, strict=True):
        found = runner.run({taken["tensor"]: vector.reshape(taken["shape"])})[made["tensor"]]
        assert np.abs(found - wanted).max() <= made["tolerance"]
    assert expected.tobytes() == tiny_golden()[1].astype("<f4").tobytes()


def test_pixels_become_floats() -> None:
    pixels = np.arange(8, dtype=np.uint8).reshape(2, 2, 2)
    assert raw_floats(pixels) == np.arange(8, dtype="<f4").tobytes()
    assert raw_floats(pixels.transpose(2, 1, 0)) == np.array([0, 4, 2, 6, 1, 5, 3, 7], "<f4").tobytes()


def test_borders_keep_their_numbers(tmp_path: Path) -> None:
    told: dict[str, Any] = {"dtype": "int8", "quantization": {"scale": 0.1, "zero_point": -3}}
    told |= {"scale": [0.5], "offset": [-1.0], "layout": "NCHW"}
    with BundleWriter(tmp_path / "b") as writer:
        fields = tiny_content(writer)
        fields["flavours"][0]["inputs"][0] |= told
        writer.commit(fields)
    with open_bundle(tmp_path / "b") as bundle:
        project = write_project(bundle, PhoneKind.ANDROID, tmp_path / "out")
    (border,) = index_of(project, PhoneKind.ANDROID)["flavours"][0]["inputs"]
    assert {name: border[name] for name in told} == told


def test_a_hostile_name_stands_in_the_index_and_nowhere_else(tmp_path: Path) -> None:
    with BundleWriter(tmp_path / "b") as writer:
        fields = tiny_content(writer)
        weights, bias = np.ones((3, 4), np.float32), np.zeros(3, np.float32)
        writer.add_bytes("labels.txt", 'be"e\n${moth}\n\u30cf\u30c1\n'.encode())
        writer.add_bytes(TINY_MODEL, dense_tflite(HOSTILE, (1, 4), weights, bias, "softmax"))
        flavour = fields["flavours"][0]
        flavour["digest"] = content_digest(writer.path(TINY_MODEL))
        flavour["installed_bytes"] = writer.path(TINY_MODEL).stat().st_size
        flavour["inputs"][0]["tensor"] = HOSTILE
        fields["description"] = f"*/ {HOSTILE} @PACKAGE@"
        writer.commit(fields)
    with open_bundle(tmp_path / "b") as bundle:
        project = write_project(bundle, PhoneKind.ANDROID, tmp_path / "out")
    with open_bundle(tiny_bundle(tmp_path / "plain")) as bundle:
        plain = write_project(bundle, PhoneKind.ANDROID, tmp_path / "plain-out")
    assert index_of(project, PhoneKind.ANDROID)["flavours"][0]["inputs"][0]["tensor"] == HOSTILE
    for path in project.rglob("*"):
        if path.suffix in (".kt", ".kts", ".sh", ".xml", ".properties"):
            assert path.read_bytes() == (plain / path.relative_to(project)).read_bytes()


@pytest.mark.parametrize(
    ("kind", "changes", "error", "message"),
    [
        ("android", {"requires": {"tflite_runtime": "2.22.0"}}, UnsupportedError, "newer runtime"),
        ("android", {"requires": {"unknown_operators": ["NEW 9"]}}, UnsupportedError, "NEW 9"),
    ],
)
def test_what_a_phone_cannot_run_is_refused(
    tmp_path: Path, kind: str, changes: dict[str, Any], error: type[FieldpackError], message: str
) -> None:
    made = changed_bundle(tmp_path / "b", **changes)
    with open_bundle(made) as bundle, pytest.raises(error, match=message):
        write_project(bundle, PhoneKind(kind), tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("field", ["tflite_runtime", "ios", "android"])
def test_no_bundle_brings_anything_but_numbers_as_a_version(tmp_path: Path, field: str) -> None:
    with pytest.raises(BundleError, match=rf"requires\.{field}"):
        changed_bundle(tmp_path / "b", requires={field: '16")], evil('})


def test_a_type_that_the_test_does_not_feed_is_refused(tmp_path: Path) -> None:
    with BundleWriter(tmp_path / "b") as writer:
        fields = tiny_content(writer, folder_flavour=True)
        for flavour in fields["flavours"]:
            kind = "float16" if flavour["kind"] == "tflite" else "int8"
            flavour["inputs"][0] |= {"dtype": kind}
        writer.commit(fields)
    with open_bundle(tmp_path / "b") as bundle:
        for kind, word in ((PhoneKind.ANDROID, "float16"), (PhoneKind.IOS, "int8")):
            with pytest.raises(UnsupportedError, match=f"vector of {word}"):
                write_project(bundle, kind, tmp_path / kind.value)


@pytest.mark.parametrize(
    ("needed", "ios", "macos"),
    [(None, "15.0", "12.0"), ("13", "15.0", "12.0"), ("17.4", "17.4", "14.0"), ("26", "26.0", "26.0")],
)
def test_the_package_asks_for_the_oldest_system_that_runs_it(
    tmp_path: Path, needed: str | None, ios: str, macos: str
) -> None:
    with open_bundle(changed_bundle(tmp_path / "b", requires={"ios": needed})) as bundle:
        project = write_project(bundle, PhoneKind.IOS, tmp_path / "out")
    assert f'[.iOS("{ios}"), .macOS("{macos}")]' in (project / "Package.swift").read_text()
    assert f'iOS: "{ios}"' in (project / "project.yml").read_text()


def test_half_floats_ask_for_the_system_that_has_them(tmp_path: Path) -> None:
    with BundleWriter(tmp_path / "b") as writer:
        fields = tiny_content(writer, folder_flavour=True)
        fields["flavours"][1]["outputs"][0] |= {"dtype": "float16"}
        writer.commit(fields)
    with open_bundle(tmp_path / "b") as bundle:
        project = write_project(bundle, PhoneKind.IOS, tmp_path / "out")
    assert '.iOS("16.0")' in (project / "Package.swift").read_text()


def test_a_bundle_without_a_flavour_for_the_phone_is_refused(tmp_path: Path) -> None:
    made = tiny_bundle(tmp_path / "b")
    with open_bundle(made) as bundle, pytest.raises(InputError, match="no flavour for ios"):
        write_project(bundle, PhoneKind.IOS, tmp_path / "out")


def test_nothing_is_written_over_and_an_altered_bundle_leaves_nothing(bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    with pytest.raises(InputError, match="at the target already"):
        write_project(bundle, PhoneKind.ANDROID, tmp_path / "full")
    model = bundle.location / TINY_MODEL
    model.write_bytes(model.read_bytes()[:-1] + b"\xff")
    with pytest.raises(BundleError, match="altered"):
        write_project(bundle, PhoneKind.ANDROID, tmp_path / "new" / "out")
    assert not (tmp_path / "new").exists()


def test_a_place_that_cannot_be_written_is_named(bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be written"):
        write_project(bundle, PhoneKind.IOS, tmp_path / "file" / "out")


def test_a_mark_without_a_value_is_an_error() -> None:
    assert filled('"@A@" @Test', {"A": "x"}) == '"x" @Test'
    with pytest.raises(KeyError):
        filled("@B_2@", {"A": "x"})
