"""The same graphs in PyTorch and Keras, on what numpy says in float64; and numpy, on what TensorFlow says."""

from __future__ import annotations

from typing import Any

import pytest

from fieldpack import worker
from fieldpack_converters.front_end.spectrogram import transforms_of
from fieldpack_converters.front_end.testing import FRONT_ENDS, contract_of, in_decibels

pytestmark = pytest.mark.full


@pytest.fixture(scope="module", params=["torch", "keras"])
def differences(request: pytest.FixtureRequest) -> dict[str, Any]:
    return worker.run("fieldpack_converters.front_end.testing:differences", {"framework": request.param})


def test_every_front_end_is_within_a_hundredth_of_a_decibel(differences: dict[str, Any]) -> None:
    wanted = {f"{name}, {one}" for name in FRONT_ENDS for one in transforms_of(contract_of(name).front_end)}
    assert set(differences) == wanted
    bars = {name: 0.01 if in_decibels(contract_of(name)) else 0.003 for name in FRONT_ENDS}
    assert {name: gap for name, gap in differences.items() if gap >= bars[name.rsplit(", ", 1)[0]]} == {}


def test_numpy_computes_what_tensorflow_computes() -> None:
    """librosa is no oracle for a window that starts its frame, nor for triangles straight over mel."""
    gaps = worker.run("fieldpack_converters.front_end.testing:gaps_to_tensorflow", {})
    assert set(gaps) == {"mel filters", "like YAMNet", "two channels like BirdNET"}
    assert max(gaps.values()) < 1e-5
