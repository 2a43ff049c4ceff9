from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack import verification
from fieldpack.bundle.arrays import npy_bytes
from fieldpack.bundle.read import open_bundle
from fieldpack.bundle.write import BundleWriter
from fieldpack.cli.main import main
from fieldpack.contract import Contract
from fieldpack.errors import BundleError, InputError
from fieldpack.predict import Predictor, read_example
from fieldpack.preprocess.spectrogram import patch_of
from fieldpack.recordings.testing import WINDOW as TONE_WINDOW
from fieldpack.recordings.testing import tone_content, tone_contract
from fieldpack.runtime.flavour import open_flavour
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


@pytest.mark.parametrize(
    ("made", "outcome", "difference"),
    [("the reference", Outcome.PASS, 0.0), ("louder", Outcome.FAIL, 0.05), ("nan", Outcome.FAIL, None)],
)
def test_a_front_end_is_run_on_sounds(
    made: str, outcome: Outcome, difference: float | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contract = tone_contract()
    stated: Any = contract.inputs[0]
    bundle = with_front_end(tmp_path / "tones", contract)
    opened = open_flavour

    class Made:
        """A front-end that computes in numpy, and does so wrongly where asked."""

        def run(self, prepared: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
            patches = np.stack([patch_of(sound, stated) for sound in prepared["sound"]])
            if made == "louder":
                patches += 0.05 * np.log(10) / 10
            return {"spectrogram": np.full_like(patches, np.nan) if made == "nan" else patches}

    def open_either(kind: Any, path: Any, inputs: Any, outputs: Any, **words: Any) -> Any:
        return Made() if inputs[0].name == "sound" else opened(kind, path, inputs, outputs, **words)

    monkeypatch.setattr(verification, "open_flavour", open_either)
    *_, check = verify(bundle).golden
    assert (check.flavour, check.output, check.count) == ("front-end tflite (dB)", "spectrogram", 12)
    assert check.outcome is outcome
    assert check.difference == pytest.approx(float("inf") if difference is None else difference, abs=1e-9)


def with_front_end(target: Path, contract: Contract, **fields_of_entry: Any) -> Path:
    """The bundle of tones with a front-end, whose file is no front-end."""
    with BundleWriter(target) as writer:
        fields = tone_content(writer, contract)
        flavour = fields["flavours"][0]
        path = "front_ends/spectrogram/model.tflite"
        writer.add_bytes(path, writer.path(flavour["path"]).read_bytes())
        sound = {"name": "sound", "tensor": "sound", "shape": [1, TONE_WINDOW], "dtype": "float32"}
        entry = {
            "input": "spectrogram",
            "kind": "tflite",
            "path": path,
            "digest": flavour["digest"],
            "installed_bytes": flavour["installed_bytes"],
            "inputs": [sound],
            "outputs": flavour["inputs"],
            "requires": {"operators": {}},
            "transforms": ["factored"],
            "milliseconds": {"factored": 0.5},
            "max_db": 0.001,
            "rms_db": 0.0001,
        }
        writer.commit(fields | {"front_ends": [entry | fields_of_entry]})
    return target


@pytest.mark.parametrize(
    ("stated", "words", "written"),
    [
        ({}, "B, 0.5 ms where it was built, within 0.001 dB", False),
        ({"weights": "float32"}, "B, 0.5 ms where it was built, within 0.001 dB", False),
        ({"weights": "filters_float16"}, "B (filters float16), 0.5 ms where it was built", True),
    ],
)
def test_what_inspect_says_of_a_front_end(
    stated: dict[str, str], words: str, written: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = with_front_end(tmp_path / "tones", tone_contract(), **stated)
    assert main(["inspect", str(path)]) == 0
    said = capsys.readouterr().out
    assert "front-end of spectrogram: tflite, factored, " in said
    assert words in said
    assert (b'"weights": ' in (path / "manifest.json").read_bytes()) is written


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
    assert read_example("47.5,8.25,,23") == (47.5, 8.25, None, 23.0)
    for text in ("nothing.jpg", "47.5", "1,2,3,4,5", "a,b", ",2"):
        with pytest.raises(InputError):
            read_example(text)
