"""The choice of the engine, and that the fast one needs no torch."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from fieldpack.coreml.arithmetic import Precision
from fieldpack.coreml.engine import EngineKind, open_engine
from fieldpack.coreml.package import open_package
from fieldpack.errors import MissingDependencyError, UnsupportedError

X = {"x": np.array([[0.5, -1.25, 2.0, 3.0]], np.float32)}


@pytest.fixture
def covered(handmade: Any) -> Any:
    """A product with a stored weight, and an activation."""
    codes = np.arange(-4, 4, dtype=np.int8)
    handmade.input("x", "float32", (1, 4))
    handmade.weight("codes", "int8", (2, 4), codes.tobytes())
    handmade.op(
        "constexpr_affine_dequantize", "w", "float16", (2, 4), quantized_data="codes",
        zero_point=np.array(1, np.int8), scale=np.array(0.1, np.float16), axis=np.array(0, np.int32),
    )  # fmt: skip
    handmade.op("linear", "l", "float32", (1, 2), x="x", weight="w")
    handmade.op("sigmoid", "y", "float32", (1, 2), x="l")
    handmade.output("y", "float32", (1, 2))
    return handmade.save()


@pytest.fixture
def uncovered(handmade: Any) -> Any:
    """A result whose size hangs on the values of the input."""
    handmade.input("x", "float32", (1, 4))
    handmade.op("non_zero", "places", "int32", (None, 2), x="x")
    handmade.op("reduce_sum", "y", "int32", (2,), x="places", axes=np.array([0], np.int32))
    handmade.output("y", "int32", (2,))
    return handmade.save()


def test_auto_takes_the_fast_engine_where_it_covers_the_program(covered: Any) -> None:
    package = open_package(covered)
    engines = {kind: open_engine(package, kind=kind) for kind in EngineKind}
    assert {asked: engine.kind for asked, engine in engines.items()} == {
        EngineKind.AUTO: EngineKind.FAST,
        EngineKind.FAST: EngineKind.FAST,
        EngineKind.REFERENCE: EngineKind.REFERENCE,
    }
    results = {kind: engine.run(X)["y"] for kind, engine in engines.items()}
    np.testing.assert_allclose(results[EngineKind.FAST], results[EngineKind.REFERENCE], rtol=1e-6, atol=0)
    np.testing.assert_array_equal(results[EngineKind.AUTO], results[EngineKind.FAST])


def test_auto_falls_back_and_fast_names_what_is_missing(uncovered: Any) -> None:
    package = open_package(uncovered)
    engine = open_engine(package)
    assert engine.kind is EngineKind.REFERENCE
    assert engine.run(X)["y"].tolist() == [0, 6]
    with pytest.raises(UnsupportedError) as caught:
        open_engine(package, kind=EngineKind.FAST)
    assert caught.value.came == "non_zero"


@pytest.mark.parametrize("absent", ["onnx", "onnxruntime"])
def test_auto_falls_back_where_the_fast_engine_is_not_installed(
    covered: Any, absent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, absent, None)
    package = open_package(covered)
    assert open_engine(package).kind is EngineKind.REFERENCE
    with pytest.raises(MissingDependencyError, match=absent) as caught:
        open_engine(package, kind=EngineKind.FAST)
    assert caught.value.hint == 'pip install "fieldpack[coreml]"'


def test_without_torch_the_error_names_what_is_not_covered(
    uncovered: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingDependencyError, match="non_zero") as caught:
        open_engine(open_package(uncovered))
    assert caught.value.hint == 'pip install "fieldpack[coreml-reference]"'


ALONE = """
import sys
sys.modules["torch"] = None
import numpy as np
from pathlib import Path
from fieldpack.coreml.engine import Precision, open_engine
from fieldpack.coreml.package import open_package
package = open_package(Path(sys.argv[1]))
x = np.array([[0.5, -1.25, 2.0, 3.0]], np.float32)
for precision in Precision:
    engine = open_engine(package, precision, threads=1)
    print(engine.kind, engine.run({"x": x})["y"].tolist())
assert sys.modules["torch"] is None
"""


def test_the_fast_engine_runs_where_torch_cannot_be_imported(covered: Any) -> None:
    done = subprocess.run([sys.executable, "-c", ALONE, str(covered)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    package = open_package(covered)
    here = [open_engine(package, p, threads=1, kind=EngineKind.FAST).run(X)["y"].tolist() for p in Precision]
    assert done.stdout.splitlines() == [f"fast {values}" for values in here]


@pytest.mark.parametrize("threads", [1, 2])
def test_the_same_threads_give_the_same_bits(covered: Any, threads: int) -> None:
    package = open_package(covered)
    results = [open_engine(package, threads=threads).run(X)["y"].tobytes() for _ in range(3)]
    assert len(set(results)) == 1
