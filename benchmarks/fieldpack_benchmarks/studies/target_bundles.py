"""Bundles around networks of a few thousand weights, and what can befall such a network between two versions.

What ``fieldpack study targets`` counts, benches and holds against budgets. Every network is written here, so
that the study needs no data; golden answers come from the same runtime, and say nothing of accuracy.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from fieldpack.build.requirements import requirements_of
from fieldpack.bundle.arrays import npy_bytes
from fieldpack.bundle.digest import content_digest, sha256_bytes
from fieldpack.bundle.labels import labels_bytes
from fieldpack.bundle.manifest import FlavourKind
from fieldpack.bundle.write import BundleWriter
from fieldpack.tflite.editing import TfliteEditor
from fieldpack.tflite.runner import TensorSpec, TfliteRunner
from fieldpack_benchmarks.targets.small_models import CLASSES, INNER_SCALE, dense_network, small_network

NAME, FLAVOUR, PLACE = "small", "tflite-int8", "tflite-int8/model.tflite"
EXAMPLES, HIGH, SEED = 4, 2.5, 11
WIDTH, WIDER = 20, 44
"""Channels of the network that changes; its pointwise convolution has 40, a tenth less than `WIDER`."""


def bundle_of(model: bytes, target: Path, version: str = "1.0.0") -> Path:
    """Write a bundle with one TFLite flavour of a network of ``small_models``, and four golden vectors.

    Parameters
    ----------
    model : bytes
        A ``.tflite`` file with one input and one output.
    target : Path
        A folder.
    version : str
        Of the bundle.

    Returns
    -------
    Path
        `target`.
    """
    runner = TfliteRunner(model)
    given, answer = runner.inputs[0], runner.outputs[0]
    shape = (EXAMPLES, *given.shape[1:])
    fed = np.random.default_rng(SEED).uniform(-1, 1, shape).astype(np.float32)
    scores = np.concatenate([runner.run_real({given.name: row[None]})[answer.name] for row in fed])
    with BundleWriter(target) as writer:
        writer.add_bytes("labels.txt", labels_bytes([f"class {number}" for number in range(CLASSES)]))
        writer.add_bytes("golden/input.npy", npy_bytes(fed))
        writer.add_bytes("golden/scores.npy", npy_bytes(scores))
        writer.add_bytes(f"golden/{FLAVOUR}/scores.npy", npy_bytes(scores))
        writer.add_bytes("evidence/parity.json", b"{}\n")
        writer.add_bytes(PLACE, model)
        flavour = _flavour(writer.path(PLACE), given, answer)
        writer.commit(_fields(given, flavour, version, sha256_bytes(model)))
    return target


def base() -> bytes:
    """The network that the changes befall."""
    return small_network(quantised=True, width=WIDTH)


def wider_layer() -> bytes:
    """The same with one layer a tenth wider."""
    return small_network(quantised=True, width=WIDTH, wider=WIDER)


def fallen_back() -> bytes:
    """The same with an int8 softmax behind it, which XNNPACK leaves to the builtin kernels."""
    return small_network(quantised=True, width=WIDTH, softmax=True)


def float_in_the_middle() -> bytes:
    """The same, with float32 between two layers: there and back, and a rectifier that changes nothing."""
    editor = TfliteEditor(base())
    last = len(editor.graph.operators) - 1
    dense = editor.graph.operators[last]
    before = int(dense.inputs[0])
    shape = editor.shape(before)
    real, positive = editor.tensor("real", shape), editor.tensor("positive", shape)
    again = editor.tensor("again", shape, "int8", None, (INNER_SCALE,), (0,))
    dense.inputs = [again, *dense.inputs[1:]]
    editor.operator("DEQUANTIZE", [before], [real], 2, at=last)
    editor.operator("RELU", [real], [positive], 1, at=last + 1)
    editor.operator("QUANTIZE", [positive], [again], 1, at=last + 2)
    return editor.content()


def layer_lost() -> bytes:
    """The same with weights of its dense layer that are not symmetric, which XNNPACK does not take."""
    return _not_symmetric(base())


def dense_base() -> bytes:
    """One dense layer, all of which XNNPACK takes."""
    return dense_network()


def delegate_lost() -> bytes:
    """The dense layer with weights that are not symmetric: XNNPACK takes nothing of the network."""
    return _not_symmetric(dense_network())


def _not_symmetric(content: bytes) -> bytes:
    editor = TfliteEditor(content)
    weights = int(editor.graph.operators[-1].inputs[1])
    editor.graph.tensors[weights].quantization.zeroPoint = [1]
    return editor.content()


def _border(name: str, spec: TensorSpec) -> dict[str, Any]:
    border: dict[str, Any] = {
        "name": name,
        "tensor": spec.name,
        "shape": list(spec.shape),
        "dtype": str(spec.dtype),
    }
    if spec.scale:
        border["quantization"] = {"scale": spec.scale[0], "zero_point": spec.zero_point[0]}
    return border


def _flavour(path: Path, given: TensorSpec, answer: TensorSpec) -> dict[str, Any]:
    size = path.stat().st_size
    return {
        "name": FLAVOUR,
        "kind": FlavourKind.TFLITE.value,
        "path": PLACE,
        "digest": content_digest(path),
        "installed_bytes": size,
        "download_bytes": size,
        "inputs": [_border(given.name, given)],
        "outputs": [_border("scores", answer)],
        "requires": requirements_of(FlavourKind.TFLITE, path),
        "compression": {"recipe": [], "matched": [], "changed": 0, "unchanged": 0},
        "golden": {
            "files": {"scores": f"golden/{FLAVOUR}/scores.npy"},
            "tolerance": {"scores": 1e-3},
        },
    }


def _fields(given: TensorSpec, flavour: dict[str, Any], version: str, digest: str) -> dict[str, Any]:
    entry = {
        "kind": "tensor",
        "name": given.name,
        "shape": list(given.shape[1:]),
        "low": -HIGH,
        "high": HIGH,
        "meaning": "made-up values",
    }
    return {
        "name": NAME,
        "version": version,
        "description": "A network of a few thousand weights, written by code.",
        "license": "CC0-1.0",
        "contract": {
            "inputs": [entry],
            "outputs": [{"name": "scores", "activation": "logits", "labels": "labels.txt"}],
        },
        "flavours": [flavour],
        "golden": {
            "ids": [f"example-{number}" for number in range(EXAMPLES)],
            "inputs": {given.name: "golden/input.npy"},
            "outputs": {"scores": "golden/scores.npy"},
        },
        "lineage": {
            "source_kind": "tflite",
            "source_digest": digest,
            "source_parameters": 1,
            "spec_digest": sha256_bytes(b"small spec"),
            "seed": SEED,
            "tools": {"fieldpack": "0.1.0"},
            "data": {
                "evaluation": {
                    "description": "seeded",
                    "count": EXAMPLES,
                    "digest": sha256_bytes(b"small data"),
                }
            },
        },
        "budget": {"every": {"installed_bytes": 10_000_000}},
        "verdicts": [],
        "evidence": "evidence/parity.json",
    }
