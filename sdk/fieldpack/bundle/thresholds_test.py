"""Threshold files, alone and in a bundle."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fieldpack.bundle.read import open_bundle
from fieldpack.bundle.thresholds import in_force, parse_thresholds, thresholds_bytes
from fieldpack.bundle.verify import check_structure
from fieldpack.bundle.write import BundleWriter
from fieldpack.contract import Output
from fieldpack.errors import BundleError
from fieldpack.predict import Predictor
from fieldpack.testing import TINY_LABELS, tiny_content, tiny_golden

LABELS = ("Bee, wild", 'Moth "owl"', "Wasp")


def test_what_is_written_is_read_again_to_the_bit() -> None:
    values = np.array([0.1, np.nan, 1 / 3], np.float32)
    data = thresholds_bytes(LABELS, values)
    assert parse_thresholds(data, "here", LABELS).tobytes() == values.tobytes()
    assert parse_thresholds(data, "here", LABELS[::-1])[0] == values[2]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("taxon,threshold\nWasp,1\n", "no list of thresholds"),
        ("", "no list of thresholds"),
        ("label,threshold\nWasp,0.5\n", "is for other labels"),
        ("label,threshold\nBee,1\nMoth,1\nWasp,1\n", "is for other labels"),
        ("label,threshold\nBee,1\nMoth,1\nBee,1\nAnt,2\n", "is for other labels"),
        ('label,threshold\n"Bee, wild",a\n"Moth ""owl""",1\nWasp,1\n', "no finite number"),
        ('label,threshold\n"Bee, wild",NaN\n"Moth ""owl""",1\nWasp,1\n', "no finite number"),
    ],
)
def test_faulty_files_are_refused(text: str, words: str) -> None:
    with pytest.raises(BundleError, match=words):
        parse_thresholds(text.encode(), "here", LABELS)


def test_a_label_without_a_threshold_takes_the_output_s() -> None:
    output = Output.model_validate(
        {"name": "scores", "activation": "sigmoid", "labels": "labels.txt", "threshold": 0.5}
    )
    assert in_force(output, None) == 0.5
    assert in_force(output, np.array([0.25, np.nan], np.float32)).tolist() == [0.25, 0.5]


def with_thresholds(target: Path, own: bytes) -> Path:
    """The tiny bundle as a sigmoid's, with thresholds of the source and of its flavour."""
    with BundleWriter(target) as writer:
        fields = tiny_content(writer)
        stated = {"activation": "sigmoid", "threshold": 0.5, "thresholds": "labels/t.csv", "refit": "f1"}
        fields["contract"]["outputs"][0] |= stated
        writer.add_bytes("labels/t.csv", thresholds_bytes(TINY_LABELS, np.full(3, 0.9, np.float32)))
        writer.add_bytes("refitted.csv", own)
        fields["flavours"][0]["thresholds"] = {"scores": "refitted.csv"}
        writer.commit(fields)
    return target


def test_a_flavour_s_own_thresholds_decide(tmp_path: Path) -> None:
    own = thresholds_bytes(TINY_LABELS, np.array([0.0, 1.0, np.nan], np.float32))
    path = with_thresholds(tmp_path / "tiny", own)
    assert check_structure(path) == []
    with open_bundle(path) as bundle:
        assert bundle.thresholds("scores").tolist() == [np.float32(0.9)] * 3  # type: ignore[union-attr]
        ranked = Predictor(bundle).ranked(tiny_golden()[0][0])["scores"]
    expected = {item.label: (item.threshold, item.expected) for item in ranked}
    assert expected["bee"] == (0.0, True)
    assert expected["moth"] == (1.0, False)
    assert expected["wasp"][0] == 0.5
    assert set(ranked[0].as_dict()) == {"label", "score", "threshold", "expected"}


def test_thresholds_for_other_taxa_are_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="other labels"):
        with_thresholds(tmp_path / "tiny", b"label,threshold\nant,0.5\n")


def test_thresholds_are_for_independent_labels() -> None:
    words = {"name": "scores", "activation": "softmax", "labels": "labels.txt", "refit": "f1"}
    with pytest.raises(ValueError, match="are for a sigmoid"):
        Output.model_validate(words)
