"""One family in four ways, in turn, each on one thread.

Torch eager against the interpreter on the float32 package; onnxruntime on the ONNX file of
PyTorch's tracing exporter against the fast engine on the same package.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from fieldpack.coreml.arithmetic import Precision
from fieldpack.coreml.engine import EngineKind, open_engine
from fieldpack.coreml.package import open_package
from fieldpack.errors import FieldpackError
from fieldpack_benchmarks.networks.families import Family
from fieldpack_benchmarks.rounds.coreml_agreement import feed
from fieldpack_benchmarks.rounds.packages import SEEDS, short
from fieldpack_benchmarks.timing import interleaved

TORCH, INTERPRETER, ONNXRUNTIME, FAST = "torch eager", "interpreter", "onnxruntime", "fast engine"
EXPORTER = "trace"


def measure(family: Family, place: Path, rounds: int, warm_ups: int) -> dict[str, Any]:
    """Time ``float32.mlpackage`` and ``trace.onnx`` in `place`.

    Returns
    -------
    dict
        ``timings`` (name, unit, warm_ups, values) and ``absent`` (name -> reason).
    """
    actions, absent = _actions(family, place)
    timed = interleaved(actions, rounds, warm_ups)
    return {"timings": [timing.as_dict() for timing in timed.values()], "absent": absent}


def _actions(family: Family, place: Path) -> tuple[dict[str, Callable[[], object]], dict[str, str]]:
    made: dict[str, Callable[[], object]] = {TORCH: _torch(family)}
    absent: dict[str, str] = {}
    ways: dict[str, Callable[[], Callable[[], object]]] = {
        INTERPRETER: lambda: _engine(family, place, EngineKind.REFERENCE),
        ONNXRUNTIME: lambda: _onnxruntime(family, place / f"{EXPORTER}.onnx"),
        FAST: lambda: _engine(family, place, EngineKind.FAST),
    }
    for name, way in ways.items():
        try:
            made[name] = way()
        except FieldpackError as error:
            absent[name] = f"{error.what}: {error.came}"
        except Exception as error:  # noqa: BLE001  onnxruntime's refusal is a result
            absent[name] = short(error)
    return made, absent


def _torch(family: Family) -> Callable[[], object]:
    import torch

    network = family.network()
    sample = [torch.from_numpy(array) for array in family.inputs(SEEDS[0])]

    def run() -> object:
        with torch.inference_mode():
            return network(*sample)

    return run


def _engine(family: Family, place: Path, kind: EngineKind) -> Callable[[], object]:
    package = open_package(place / "float32.mlpackage")
    engine = open_engine(package, Precision.FP32, threads=1, kind=kind)
    given = feed(family, SEEDS[0])
    return lambda: engine.run(given)


def _onnxruntime(family: Family, path: Path) -> Callable[[], object]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    given = feed(family, SEEDS[0])
    return lambda: session.run(None, given)
