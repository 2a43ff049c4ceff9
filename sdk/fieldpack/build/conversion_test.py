from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack import worker
from fieldpack.build.conversion import DESCRIBE_SOURCE, RUN_SOURCE, Conversion, SourceFacts
from fieldpack.build.examples import Examples
from fieldpack.build.kept import Kept
from fieldpack.data import Prepared
from fieldpack.search.conftest import WORDS
from fieldpack.spec import Spec


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
