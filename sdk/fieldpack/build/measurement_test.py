from __future__ import annotations

import numpy as np
import pytest

from fieldpack.build.examples import golden_rows
from fieldpack.build.measurement import pooled


@pytest.mark.parametrize("pooling", ["mean", "max"])
def test_windows_are_pooled_as_a_plain_loop_does(pooling: str) -> None:
    rng = np.random.default_rng(1)
    groups = np.repeat([0, 1, 2, 3], [3, 1, 5, 2])
    scores = rng.normal(size=(len(groups), 4)).astype(np.float32)
    join = np.mean if pooling == "mean" else np.max
    expected = np.stack([join(scores[groups == group], axis=0) for group in range(4)])
    assert np.allclose(pooled(scores, groups, pooling), expected, atol=1e-6)


def test_golden_rows_are_spread_and_unique() -> None:
    assert golden_rows(100, 3) == [0, 50, 99] or golden_rows(100, 3) == [0, 49, 99]
    assert golden_rows(2, 8) == [0, 1]
    assert golden_rows(1, 1) == [0]
    assert len(golden_rows(9, 8)) == 8
