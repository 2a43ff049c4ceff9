"""Labels and golden vectors of contracts that the tiny bundle does not have: pictures, linear outputs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.bundle.arrays import npy_bytes
from fieldpack.bundle.labels import labels_bytes, parse_labels
from fieldpack.bundle.verify import check_structure
from fieldpack.bundle.write import BundleWriter
from fieldpack.errors import BundleError
from fieldpack.testing import tiny_content

PICTURE: dict[str, Any] = {
    "kind": "image",
    "name": "vector",
    "height": 2,
    "width": 3,
    "color_order": "rgb",
    "layout": "NCHW",
    "normalization": {"kind": "range", "low": 0.0, "high": 1.0},
    "resize": {"method": "bilinear", "fit": {"kind": "stretch"}},
}


def commit(target: Path, contract: dict[str, Any], arrays: dict[str, Any]) -> None:
    with BundleWriter(target) as writer:
        fields = tiny_content(writer)
        for name, array in arrays.items():
            writer.add_bytes(name, npy_bytes(array))
        writer.commit({**fields, "contract": {**fields["contract"], **contract}})


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_pictures_are_pixels_with_the_channels_last_whatever_the_layout(dtype: Any, tmp_path: Path) -> None:
    pixels = np.zeros((5, 2, 3, 3), dtype)
    commit(tmp_path / "tiny", {"inputs": [PICTURE]}, {"golden/vector.npy": pixels})
    assert check_structure(tmp_path / "tiny") == []


def test_channels_first_pictures_are_refused(tmp_path: Path) -> None:
    gray = {**PICTURE, "color_order": "gray"}
    with pytest.raises(BundleError, match=r"examples have shape \(1, 2, 3\); input vector has \(2, 3, 1\)"):
        commit(tmp_path / "tiny", {"inputs": [gray]}, {"golden/vector.npy": np.zeros((5, 1, 2, 3), np.uint8)})


def test_bytes_are_for_pictures_only(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="holds uint8; float32 is allowed"):
        commit(tmp_path / "tiny", {}, {"golden/vector.npy": np.zeros((5, 4), np.uint8)})


def test_linear_outputs_have_no_labels(tmp_path: Path) -> None:
    from fieldpack.bundle.read import open_bundle

    linear = {"name": "scores", "activation": "linear", "unit": "metre"}
    commit(tmp_path / "tiny", {"outputs": [linear]}, {})
    assert check_structure(tmp_path / "tiny") == []
    with open_bundle(tmp_path / "tiny") as bundle:
        assert bundle.labels("scores") == ()


def test_dense_labels_may_stand_on_any_axis_but_the_first(tmp_path: Path) -> None:
    maps = np.zeros((5, 3, 2, 2), np.float32)
    flavour = "golden/tflite-float32/scores.npy"
    commit(tmp_path / "tiny", {}, {"golden/scores.npy": maps, flavour: maps})
    assert check_structure(tmp_path / "tiny") == []
    wrong = np.zeros((5, 2, 2, 2), np.float32)
    with pytest.raises(BundleError, match="3 labels for golden outputs"):
        commit(tmp_path / "tiny", {}, {"golden/scores.npy": wrong, flavour: wrong})


def commit_taxonomy(target: Path, text: bytes) -> None:
    output = {"name": "scores", "activation": "softmax", "labels": "labels.txt", "taxonomy": "taxa.csv"}
    with BundleWriter(target) as writer:
        fields = tiny_content(writer)
        writer.add_bytes("taxa.csv", text)
        writer.commit({**fields, "contract": {**fields["contract"], "outputs": [output]}})


def test_a_taxonomy_covers_the_labels(tmp_path: Path) -> None:
    commit_taxonomy(tmp_path / "tiny", b"taxon,parent\ninsect,\nbee,insect\nmoth,insect\nwasp,insect\n")
    assert check_structure(tmp_path / "tiny") == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"taxon,parent\nbee,\nmoth,\n", "not in the taxonomy"),
        (b"taxon,parent\nbee,moth\nmoth,bee\nwasp,\n", "circle"),
    ],
)
def test_a_broken_taxonomy_is_refused(text: bytes, said: str, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=said):
        commit_taxonomy(tmp_path / "tiny", text)


@pytest.mark.parametrize(
    "labels", [("a",), ("bee", "m\u00f6we", "\u30cf\u30c1"), ("a b", "c,d;e\tf", "g\u2028h\x0bi")]
)
def test_labels_survive(labels: tuple[str, ...]) -> None:
    data = labels_bytes(labels)
    assert parse_labels(data, "x") == parse_labels(data.removesuffix(b"\n"), "x") == labels


@pytest.mark.parametrize(
    "data", [b"", b"\n", b"a\n\n", b"a\n \nb\n", b"\xff\n", b"a\r\n", b"\xef\xbb\xbfa\n"]
)
def test_label_files_that_readers_would_read_differently_are_refused(data: bytes) -> None:
    with pytest.raises(BundleError):
        parse_labels(data, "labels.txt")


@pytest.mark.parametrize("labels", [("a\nb",), ("",), (), ("a\r",), ("a", "")])
def test_labels_that_are_no_line_are_not_written(labels: tuple[str, ...]) -> None:
    with pytest.raises(BundleError):
        labels_bytes(labels)
