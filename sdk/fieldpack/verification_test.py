from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fieldpack.bundle.arrays import npy_bytes
from fieldpack.bundle.read import open_bundle
from fieldpack.bundle.write import BundleWriter
from fieldpack.errors import BundleError, InputError
from fieldpack.predict import Predictor, read_example
from fieldpack.testing import TINY_LABELS, tiny_bundle, tiny_content, tiny_golden
from fieldpack.verdict import Outcome
from fieldpack.verification import verify


@pytest.mark.parametrize("name", ["tiny", "tiny.fieldpack"])
def test_a_good_bundle_repeats_its_golden_outputs(tmp_path: Path, name: str) -> None:
    found = verify(tiny_bundle(tmp_path / name))
    assert found.outcome is Outcome.PASS
    assert found.digest is not None
    assert [check.count for check in found.golden] == [5]


def test_a_bundle_whose_model_gives_other_numbers_fails(tmp_path: Path) -> None:
    _, scores = tiny_golden()
    with BundleWriter(tmp_path / "wrong") as writer:
        fields = tiny_content(writer)
        file = fields["flavours"][0]["golden"]["files"]["scores"]
        writer.add_bytes(file, npy_bytes(np.roll(scores, 1, axis=1)))
        writer.commit(fields)
    found = verify(tmp_path / "wrong")
    assert found.findings == ()
    assert found.outcome is Outcome.FAIL


def test_an_altered_bundle_is_found_and_not_run(tmp_path: Path) -> None:
    bundle = tiny_bundle(tmp_path / "tiny")
    target = bundle / "labels.txt"
    target.write_bytes(target.read_bytes().replace(b"bee", b"bea"))
    found = verify(bundle)
    assert found.outcome is Outcome.FAIL
    assert found.golden == ()
    assert any(finding.path == "labels.txt" for finding in found.findings)


def test_no_bundle_at_all_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BundleError):
        verify(tmp_path / "nothing")


def test_predict_ranks_labels_by_the_golden_scores(tmp_path: Path) -> None:
    vectors, scores = tiny_golden()
    with open_bundle(tiny_bundle(tmp_path / "tiny")) as bundle:
        predictor = Predictor(bundle)
        for vector, expected in zip(vectors, scores, strict=True):
            ranked = predictor.ranked(vector)["scores"]
            order = np.argsort(-expected)
            assert [item.label for item in ranked] == [TINY_LABELS[index] for index in order]
            assert np.allclose([item.score for item in ranked], expected[order], atol=1e-5)


def test_predict_refuses_an_unknown_flavour_by_naming_the_known(tmp_path: Path) -> None:
    with (
        open_bundle(tiny_bundle(tmp_path / "tiny")) as bundle,
        pytest.raises(InputError, match="tflite-float32"),
    ):
        Predictor(bundle, "tflite-int2")


def test_an_example_is_a_file_or_a_place(tmp_path: Path) -> None:
    (tmp_path / "x.npy").write_bytes(b"")
    assert read_example(str(tmp_path / "x.npy")) == tmp_path / "x.npy"
    assert read_example("47.5,-8.25") == (47.5, -8.25, None)
    assert read_example("47.5,8.25,400") == (47.5, 8.25, 400.0)
    for text in ("nothing.jpg", "47.5", "1,2,3,4", "a,b"):
        with pytest.raises(InputError):
            read_example(text)
