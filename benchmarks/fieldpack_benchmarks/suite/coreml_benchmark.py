"""Both engines of Core ML files on one program: opening it, and an answer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from fieldpack.coreml.conftest import Handmade
from fieldpack.coreml.engine import EngineKind, PackageEngine, open_engine
from fieldpack.coreml.package import open_package
from fieldpack.errors import MissingDependencyError

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

WIDTH, LAYERS, SEED = 512, 6, 3
KINDS = (EngineKind.REFERENCE, EngineKind.FAST)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Dense layers with rectifiers, float32."""
    made, generator = Handmade(tmp_path_factory.mktemp("package")), np.random.default_rng(SEED)
    current = made.input("x", "float32", (1, WIDTH))
    for layer in range(LAYERS):
        values = generator.normal(0, WIDTH**-0.5, (WIDTH, WIDTH)).astype(np.float32)
        weight = made.weight(f"w{layer}", "float32", (WIDTH, WIDTH), values.tobytes())
        dense = made.op("linear", f"d{layer}", "float32", (1, WIDTH), x=current, weight=weight)
        current = made.op("relu", f"r{layer}", "float32", (1, WIDTH), x=dense)
    made.output(current, "float32", (1, WIDTH))
    return made.save()


@pytest.mark.benchmark(group="Core ML, an answer")
@pytest.mark.parametrize("kind", KINDS)
def test_answer(benchmark: BenchmarkFixture, package: Path, kind: EngineKind) -> None:
    engine = _opened(package, kind)
    given: dict[str, Any] = {"x": np.linspace(-1, 1, WIDTH, dtype=np.float32)[None]}
    benchmark(engine.run, given)


@pytest.mark.benchmark(group="Core ML, opening")
@pytest.mark.parametrize("kind", KINDS)
def test_opening(benchmark: BenchmarkFixture, package: Path, kind: EngineKind) -> None:
    _opened(package, kind)
    benchmark(_opened, package, kind)


def _opened(package: Path, kind: EngineKind) -> PackageEngine:
    """The engine, ready; where it is not installed, the case is skipped with what to install."""
    try:
        return open_engine(open_package(package), threads=1, kind=kind)
    except MissingDependencyError as error:
        pytest.skip(str(error))
