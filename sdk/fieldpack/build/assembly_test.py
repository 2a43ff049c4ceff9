"""What a golden output may differ by when another engine or another machine answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fieldpack.build.assembly import FLOAT_TOLERANCE, INTEGER_TOLERANCE, _tolerance
from fieldpack.build.conversion import Made
from fieldpack.bundle.manifest import Compression, FlavourKind
from fieldpack.recipe import Method, Rule


@pytest.mark.parametrize(
    ("kind", "method", "share"),
    [
        (FlavourKind.TFLITE, Method.FLOAT16, FLOAT_TOLERANCE),
        (FlavourKind.TFLITE, Method.DYNAMIC_INT8, INTEGER_TOLERANCE),
        (FlavourKind.TFLITE, Method.STATIC_INT8, INTEGER_TOLERANCE),
        (FlavourKind.COREML, Method.FLOAT16, FLOAT_TOLERANCE),
        (FlavourKind.COREML, Method.WEIGHT_INT8, FLOAT_TOLERANCE),
        (FlavourKind.COREML, Method.PALETTE, FLOAT_TOLERANCE),
        (FlavourKind.COREML, Method.STATIC_INT8, INTEGER_TOLERANCE),
    ],
)
def test_only_integer_activations_may_fall_to_the_next_step(
    kind: FlavourKind, method: Method, share: float
) -> None:
    compression = Compression(
        recipe=(Rule(method=method, layers=".*"),), matched=(1,), changed=1, unchanged=0
    )
    made = Made("a", kind, Path("a"), (), (), compression, quantises=method.quantises)
    assert _tolerance(made, np.array([-4.0, 2.0])) == pytest.approx(4 * share)
