"""Which engine runs a Core ML flavour: figures come from the reference, answers from whatever fits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.bundle.manifest import Border, FlavourKind
from fieldpack.coreml.conftest import Handmade
from fieldpack.runtime.flavour import open_flavour

BORDERS = {
    name: Border(name=name, tensor=name, shape=(1, 5), dtype="float32", layout=None) for name in ("x", "y")
}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    made = Handmade(tmp_path)
    made.input("x", "float32", (1, 5))
    made.op("exp", "e", "float32", (1, 5), x="x")
    made.op("softmax", "y", "float32", (1, 5), x="e", axis=np.array(-1, np.int32))
    made.output("y", "float32", (1, 5))
    return made.save()


def opened(package: Path, **settings: Any) -> Any:
    return open_flavour(FlavourKind.COREML, package, (BORDERS["x"],), (BORDERS["y"],), **settings)


def test_figures_come_from_the_reference_engine_whatever_is_installed(package: Path) -> None:
    assert opened(package).engine.kind == "reference"


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_both_engines_give_the_same_answers_and_layers(package: Path, precision: str) -> None:
    prepared = {"x": np.random.default_rng(0).uniform(-1, 1, (3, 5)).astype(np.float32)}
    fast, slow = opened(package, engine="auto", precision=precision), opened(package, precision=precision)
    assert fast.engine.kind == "fast"
    np.testing.assert_allclose(fast.run(prepared)["y"], slow.run(prepared)["y"], rtol=1e-6, atol=0)
    mine, theirs = fast.run_layers(prepared, 1), slow.run_layers(prepared, 1)
    assert list(mine) == list(theirs) == ["e", "y"]
    np.testing.assert_allclose(mine["e"], theirs["e"], rtol=1e-6, atol=0)
