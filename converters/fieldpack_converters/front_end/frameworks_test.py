"""The same graphs in PyTorch and Keras, on what numpy says in float64."""

from __future__ import annotations

from typing import Any

import pytest

from fieldpack import worker
from fieldpack_converters.front_end.spectrogram import transforms_of
from fieldpack_converters.front_end.testing import FRONT_ENDS, contract_of

pytestmark = pytest.mark.full


@pytest.fixture(scope="module", params=["torch", "keras"])
def differences(request: pytest.FixtureRequest) -> dict[str, Any]:
    return worker.run("fieldpack_converters.front_end.testing:differences", {"framework": request.param})


def test_every_front_end_is_within_a_hundredth_of_a_decibel(differences: dict[str, Any]) -> None:
    wanted = {f"{name}, {one}" for name in FRONT_ENDS for one in transforms_of(contract_of(name))}
    assert set(differences) == wanted
    assert max(differences.values()) < 0.01
