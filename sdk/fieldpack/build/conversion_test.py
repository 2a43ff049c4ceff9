from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack import worker
from fieldpack.build.conversion import DESCRIBE_SOURCE, RUN_SOURCE, Conversion, SourceFacts
from fieldpack.build.examples import Examples, save_examples
from fieldpack.build.kept import Kept
from fieldpack.bundle.manifest import Quantization
from fieldpack.contract import Contract, SpectrogramInput
from fieldpack.data import Prepared
from fieldpack.preprocess.spectrogram_range import value_range
from fieldpack.recordings.testing import tone_contract
from fieldpack.search.conftest import WORDS
from fieldpack.spec import Spec
from fieldpack.testing import dense_tflite


def _answers(folder: Path, place: str, kept: Kept, content: bytes, seed: int) -> SourceFacts:
    """Those of a source with these bytes on examples from this seed, which lie in a folder of their own."""
    here = folder / place
    here.mkdir()
    (here / "model.keras").write_bytes(content)
    words = json.loads(json.dumps(WORDS))
    words["source"]["path"] = str(here / "model.keras")
    spec = Spec.model_validate_json(json.dumps(words))
    vectors = np.random.default_rng(seed).random((3, 4), np.float32)
    prepared = Prepared(["a", "b", "c"], {"v": vectors}, None, np.arange(3))
    conversion = Conversion(
        spec, here, Examples(prepared, {}), None, {"v": "v.npy"}, lambda road, stage, done: None, kept=kept
    )
    return conversion.answers_of_source()


def test_the_source_answers_the_same_examples_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []

    def run(target: str, arguments: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        ran.append(target)
        if target == DESCRIBE_SOURCE:
            return {"digest": "d", "parameters": 7, "outputs": [{"shape": [None, 3]}]}
        path = Path(arguments["outputs"]) / "0.npy"
        path.parent.mkdir()
        np.save(path, np.full((3, 3), len(ran)))
        return {"outputs": [str(path)]}

    monkeypatch.setattr(worker, "run", run)
    kept = Kept(tmp_path / "kept")
    first = _answers(tmp_path, "first", kept, b"one", seed=0)
    again = _answers(tmp_path, "again", kept, b"one", seed=0)
    assert ran == [DESCRIBE_SOURCE, RUN_SOURCE]
    assert (again.digest, again.parameters, again.output_shapes) == ("d", 7, ((1, 3),))
    assert (np.load(again.outputs[0]) == np.load(first.outputs[0])).all()
    _answers(tmp_path, "examples", kept, b"one", seed=1)
    assert len(ran) == 4
    _answers(tmp_path, "model", kept, b"two", seed=0)
    assert len(ran) == 6


def _heard_in_int8(contract: Contract, folder: Path, loudest: float) -> Quantization | None:
    """The input's scale in an int8 file whose calibration clips reach from silence to `loudest`."""
    folder.mkdir()
    (sound,) = contract.inputs
    draws = np.random.default_rng(0)
    weights = draws.normal(size=(3, int(np.prod(sound.shape)))).astype(np.float32)
    (folder / "model.tflite").write_bytes(
        dense_tflite(sound.name, (1, *sound.shape), weights, np.zeros(3, np.float32), "sigmoid")
    )
    words = json.loads(json.dumps(WORDS))
    del words["search"]
    words["source"] = {"kind": "tflite", "path": str(folder / "model.tflite")}
    words["contract"] = contract.model_dump(mode="json")
    words["flavours"][0]["io"] = "int8"
    clips = draws.uniform(-9.0, loudest, (4, *sound.shape)).astype(np.float32)
    examples = save_examples(Prepared(list("abcd"), {sound.name: clips}, None, np.arange(4)), folder)
    spec = Spec.model_validate_json(json.dumps(words))
    conversion = Conversion(spec, folder, examples, examples, {}, lambda road, stage, done: None)
    _, made = conversion.run()
    return made["small"].inputs[0].quantization


def test_the_contract_alone_decides_the_scale_of_a_spectrogram(tmp_path: Path) -> None:
    contract = tone_contract()
    quiet = _heard_in_int8(contract, tmp_path / "quiet", loudest=-6.0)
    loud = _heard_in_int8(contract, tmp_path / "loud", loudest=3.0)
    (sound,) = contract.inputs
    assert isinstance(sound, SpectrogramInput)
    low, high = value_range(sound) or (0.0, 0.0)
    assert low < 0 < high
    assert quiet == loud
    assert quiet is not None
    assert quiet.scale == pytest.approx((high - low) / 255, rel=1e-6)
    assert quiet.zero_point == round(-128 - low / quiet.scale)


def test_clips_decide_where_the_contract_states_no_range(tmp_path: Path) -> None:
    contract = tone_contract(front_end={"log": {"kind": "linear"}})
    quiet = _heard_in_int8(contract, tmp_path / "quiet", loudest=-6.0)
    loud = _heard_in_int8(contract, tmp_path / "loud", loudest=3.0)
    assert quiet is not None
    assert loud is not None
    assert quiet.scale < loud.scale
