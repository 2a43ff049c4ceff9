from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.bundle.read import open_bundle
from fieldpack.bundle.thresholds import thresholds_bytes
from fieldpack.bundle.write import BundleWriter
from fieldpack.contract import SpectrogramInput
from fieldpack.errors import InputError
from fieldpack.exports.app_files import AppFiles, Words, app_files
from fieldpack.exports.facts import bundle_facts
from fieldpack.exports.golden_files import golden_count
from fieldpack.exports.maths_cases import maths_cases
from fieldpack.exports.rules import front_end_of
from fieldpack.exports.testing import HOSTILE, LABELS, kind_bundle
from fieldpack.testing import TINY_LABELS, tiny_bundle, tiny_content


def files_of(bundle: Path, flavour: int = 0) -> AppFiles:
    """What an app takes of a flavour."""
    with open_bundle(bundle) as opened:
        return app_files(opened, opened.manifest.flavours[flavour])


def test_words_lie_a_line_each_in_the_order_of_the_output(tmp_path: Path) -> None:
    app = files_of(kind_bundle(tmp_path / "b", "tensor"))
    assert app.words == (Words("labels/scores.txt", "", "taxonomy/scores.tsv"),)
    assert app.files["labels/scores.txt"].decode().split("\n") == [*LABELS, ""]
    first, *rest = app.files["taxonomy/scores.tsv"].decode().splitlines()
    assert first == f"-1\t-1\t70.0\troot {HOSTILE}"
    assert rest == [f"0\t{number}\t10.0\t{name}" for number, name in enumerate(LABELS)]


def test_thresholds_are_those_in_force_on_the_flavour(tmp_path: Path) -> None:
    with BundleWriter(tmp_path / "b") as writer:
        fields = tiny_content(writer)
        values = np.array([0.25, np.nan, 0.75], np.float32)
        writer.add_bytes("limits.csv", thresholds_bytes(TINY_LABELS, values))
        told: dict[str, Any] = {"activation": "sigmoid", "threshold": 0.5, "refit": "f1"}
        fields["contract"]["outputs"][0] |= told
        fields["flavours"][0]["thresholds"] = {"scores": "limits.csv"}
        writer.commit(fields)
    app = files_of(tmp_path / "b")
    assert app.files["thresholds/scores.txt"] == b"0.25\n0.5\n0.75\n"


def test_filters_and_front_ends_belong_to_their_input(tmp_path: Path) -> None:
    app = files_of(kind_bundle(tmp_path / "b", "spectrogram"))
    (filters,), (front_end,) = app.coefficients, app.front_ends
    assert filters[16000] == "resampling/sound-16000.f32"
    assert np.frombuffer(app.files[filters[16000]], "<f4")[0] > 0
    assert front_end is not None
    assert front_end.path in app.files


def test_the_contract_is_stated_as_json(tmp_path: Path) -> None:
    told = json.loads(files_of(tiny_bundle(tmp_path / "b")).files["contract.json"])
    assert told["schema"] == "fieldpack-app/1"
    assert told["flavour"]["name"] == "tflite-float32"
    assert told["inputs"][0]["tensor"] == "vector"
    assert told["contract"]["inputs"][0]["kind"] == "tensor"


@pytest.mark.parametrize(("size", "count"), [(4, 5), (600_000, 3), (3_000_000, 1)])
def test_few_examples_of_large_inputs_are_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, count: int
) -> None:
    with open_bundle(tiny_bundle(tmp_path / "b")) as bundle:
        given = {"vector": np.broadcast_to(np.float32(0), (5, size))}
        monkeypatch.setattr(type(bundle), "golden_inputs", lambda self: given)
        assert golden_count(bundle) == count


def test_flavours_with_the_same_tensors_can_stand_for_each_other(tmp_path: Path) -> None:
    with open_bundle(tiny_bundle(tmp_path / "b")) as bundle:
        first = bundle.manifest.flavours[0]
        twin = first.model_copy(update={"name": "twin", "digest": "1" * 64})
        border = first.inputs[0].model_copy(update={"dtype": "int8"})
        other = first.model_copy(update={"name": "other", "digest": "2" * 64, "inputs": (border,)})
        manifest = bundle.manifest.model_copy(update={"flavours": (first, twin, other)})
        facts = bundle_facts(manifest, first, app_files(bundle, first))
    assert facts.digests == (first.digest, twin.digest)


def test_every_kind_of_input_has_cases(tmp_path: Path) -> None:
    with open_bundle(kind_bundle(tmp_path / "b", "waveform")) as bundle:
        flavour = bundle.manifest.flavours[0]
        cases = maths_cases(bundle, flavour, app_files(bundle, flavour))
    rates = [np.frombuffer(cases[f"input-0/source-{case}.f64"])[0] for case in range(3)]
    assert rates == [8000, 16000, 44100]
    assert len(cases["input-0/prepared-0.f32"]) % (4 * 200) == 0
    assert len(cases["input-0/stored-0.f32"]) == 4 * 200


@pytest.mark.parametrize(
    ("center", "told"), [(True, "whole recording (center)"), (False, "build again with")]
)
def test_a_missing_front_end_is_told_with_what_can_be_done(tmp_path: Path, center: bool, told: str) -> None:
    with open_bundle(kind_bundle(tmp_path / "bundle", "spectrogram")) as bundle:
        manifest = bundle.manifest.model_copy(update={"front_ends": ()})
    (contract,) = manifest.contract.inputs
    assert isinstance(contract, SpectrogramInput)
    front_end = contract.front_end.model_copy(update={"center": center})
    with pytest.raises(InputError) as caught:
        front_end_of(manifest, contract.model_copy(update={"front_end": front_end}), manifest.flavours[0])
    assert caught.value.hint is not None
    assert told in caught.value.hint
