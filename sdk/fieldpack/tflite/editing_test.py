from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from fieldpack.errors import ModelFileError
from fieldpack.tflite.editing import TfliteEditor
from fieldpack.tflite.file import parse_model
from fieldpack.tflite.runner import TfliteRunner

VECTOR = np.array([[0.5, -1.0, 2.0, 0.25]], np.float32)


def doubled(data: bytes) -> bytes:
    """The same model behind a factor of two."""
    model = TfliteEditor(data)
    before = model.tensor("twice", (1, 4))
    factor = model.tensor("two", (), values=np.array(2, np.float32))
    model.operator("MUL", (before, factor), (model.inputs[0],), options="MulOptions", at=0)
    model.ends((before,), model.outputs)
    return model.content()


def test_an_operator_before_the_input_runs_first(dense: SimpleNamespace) -> None:
    plain, changed = TfliteRunner(dense.data), TfliteRunner(doubled(dense.data))
    wanted = plain.run({"features": 2 * VECTOR})["score"]
    assert np.array_equal(next(iter(changed.run({"twice": VECTOR}).values())), wanted)


def test_the_same_change_gives_the_same_bytes(dense: SimpleNamespace) -> None:
    assert doubled(dense.data) == doubled(dense.data)


def test_untouched_files_keep_their_answers(dense: SimpleNamespace) -> None:
    again = TfliteRunner(TfliteEditor(dense.data).content())
    assert np.array_equal(
        again.run({"features": VECTOR})["score"], TfliteRunner(dense.data).run({"features": VECTOR})["score"]
    )


def test_a_name_that_is_taken_moves_aside(dense: SimpleNamespace) -> None:
    model = TfliteEditor(dense.data)
    model.rename(model.outputs[0], "h")
    names = [tensor.name for tensor in parse_model(model.content()).main.tensors]
    assert names[model.outputs[0]] == "h"
    assert "h_inner" in names


def test_operator_codes_are_shared(dense: SimpleNamespace) -> None:
    model = TfliteEditor(dense.data)
    count = len(model.model.operatorCodes)
    more = model.tensor("more", (1, 3))
    model.operator("TANH", model.outputs, (more,))
    assert len(model.model.operatorCodes) == count


def test_what_is_no_tflite_file_is_refused() -> None:
    with pytest.raises(ModelFileError, match="no TFLite file"):
        TfliteEditor(bytes(64))
