"""Worker target: how long each operator with weights takes under each method, on this machine.

Every operator becomes a file of its own, cut out of the float32 file, quantised, and run by LiteRT with
its default delegate on one thread. The least of many runs is kept, all methods of an operator in turn.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from fieldpack.recipe import Method
from fieldpack_converters.quantize_tflite import FOUR_BITS, WEIGHTED, quantize
from fieldpack_converters.sensitivity import exact_rule, weights_of
from fieldpack_converters.source import Report, silent
from fieldpack_converters.tflite_graph import Operation, TFLiteGraph

_WARM_UPS = 3


def measure(
    model: str, methods: list[str], rounds: int = 20, threads: int = 1, report: Report = silent
) -> dict[str, object]:
    """Latency of every operator with constant weights.

    Parameters
    ----------
    model : str
        Float32 TFLite file.
    methods : list of str
        Beside ``float32``: ``float16``, ``dynamic_int8``, ``dynamic_int4``, ``static_int8``.
    rounds : int
        Timed runs of each file.
    threads : int
        Threads of LiteRT.

    Returns
    -------
    dict
        ``layers``: list of ``{"layer": exact rule regex, "latency_ms": {method: float}}``; ``threads``,
        ``rounds``; the evidence class is ``host``.
    """
    graph = TFLiteGraph.read(model)
    chosen = [
        item
        for item in graph.operations()
        if item.name in WEIGHTED and len(item.inputs) > 1 and graph.is_constant(weights_of(item))
    ]
    layers = []
    for number, operation in enumerate(chosen):
        report(f"time {graph.scope(operation)[:60]}", number / len(chosen))
        latency = _timed(cut_out(model, operation), operation, methods, rounds, threads)
        layers.append({"layer": exact_rule(graph, operation), "latency_ms": latency})
    return {"layers": layers, "threads": threads, "rounds": rounds}


def cut_out(model: str, operation: Operation) -> bytes:
    """A file whose only operator is this one; what it reads and is not constant becomes the input."""
    graph = TFLiteGraph.read(model)
    main: Any = graph.main
    main.operators = [main.operators[operation.index]]
    main.inputs = [tensor for tensor in operation.inputs if tensor >= 0 and not graph.is_constant(tensor)]
    main.outputs = list(operation.outputs)
    graph.model.signatureDefs = []
    used = {*main.inputs, *operation.inputs, *operation.outputs}
    for index, tensor in enumerate(main.tensors):
        if index not in used:
            graph.model.buffers[tensor.buffer].data = None
    return graph.content()


def _timed(
    content: bytes, operation: Operation, methods: list[str], rounds: int, threads: int
) -> dict[str, float]:
    words = [Method.FLOAT32.value, *methods]
    if operation.name not in FOUR_BITS:
        words = [word for word in words if word != Method.DYNAMIC_INT4.value]
    with tempfile.TemporaryDirectory(prefix="fieldpack-latency-") as folder:
        runs = {word: _runner(content, Path(folder), word, threads) for word in words}
        least = dict.fromkeys(words, float("inf"))
        for number in range(rounds + _WARM_UPS):
            for word, run in runs.items():
                start = time.perf_counter()
                run()
                if number >= _WARM_UPS:
                    least[word] = min(least[word], (time.perf_counter() - start) * 1e3)
    return least


def _runner(content: bytes, folder: Path, word: str, threads: int) -> Any:
    from ai_edge_litert.interpreter import Interpreter

    plain, path = folder / "plain.tflite", folder / f"{word}.tflite"
    plain.write_bytes(content)
    if word != Method.FLOAT32.value:
        quantize(str(plain), str(path), word, _noise(content, folder))
    engine = Interpreter(str(plain if word == Method.FLOAT32.value else path), num_threads=threads)
    engine.allocate_tensors()
    for detail in engine.get_input_details():
        values = np.random.default_rng(0).standard_normal(detail["shape"])
        engine.set_tensor(detail["index"], values.astype(detail["dtype"]))
    return engine.invoke


def _noise(content: bytes, folder: Path) -> dict[str, str]:
    """Calibration samples for the borders of a cut-out operator; their values do not change its speed."""
    graph = TFLiteGraph(content)
    paths = {}
    for place, tensor in enumerate(graph.inputs):
        path = folder / f"noise{place}.npy"
        shape = graph.shape(tensor)
        np.save(path, np.random.default_rng(1).standard_normal((4, *shape[1:])).astype(np.float32))
        paths[str(place)] = str(path)
    return paths
