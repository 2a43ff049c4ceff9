from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fieldpack.diagnosis.speed import ROUNDS, ratio_of, timed
from fieldpack.testing import tiny_tflite


def test_the_ratio_is_of_medians_and_its_bounds_hold_it() -> None:
    generator = np.random.default_rng(2)
    rounds = np.stack([generator.normal(3, 0.1, 30), generator.normal(2, 0.1, 30)], axis=1)
    rounds[0] = (50, 2)  # one busy moment
    found = ratio_of(rounds)
    assert found.low < found.estimate < found.high
    assert found.estimate == pytest.approx(1.5, rel=0.05)
    assert found.low > 1.4
    assert found.high < 1.6
    assert found.n == 30


def test_two_files_are_timed_in_as_many_rounds(tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(tiny_tflite())
    speed = timed(path, path)
    assert speed.quantised_ms > 0
    assert speed.float_ms > 0
    assert speed.ratio.n == ROUNDS
