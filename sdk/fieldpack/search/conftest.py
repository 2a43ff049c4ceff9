"""A spec to search in, and runners that answer at once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from fieldpack.search.trial import Result, Status
from fieldpack.spec import Spec

WORDS: dict[str, Any] = {
    "schema": 1,
    "pack": {"name": "t", "version": "1.0.0", "description": "d", "license": "CC0-1.0", "seed": 3},
    "source": {"kind": "keras", "path": "/nowhere/model.keras"},
    "contract": {
        "inputs": [
            {"kind": "tensor", "name": "v", "shape": [4], "low": -1.0, "high": 1.0, "meaning": "four traits"}
        ],
        "outputs": [{"name": "scores", "activation": "softmax", "labels": "/nowhere/labels.txt"}],
    },
    "data": {
        "golden": 2,
        "evaluation": {"kind": "arrays", "inputs": {"v": "/nowhere/v.npy"}, "labels": "/nowhere/y.npy"},
        "calibration": {"kind": "arrays", "inputs": {"v": "/nowhere/c.npy"}},
        "training": {"kind": "arrays", "inputs": {"v": "/nowhere/t.npy"}, "labels": "/nowhere/ty.npy"},
    },
    "flavours": [
        {
            "kind": "tflite",
            "name": "small",
            "method": "static_int8",
            "ranges": {"kind": "min_max"},
            "io": "float32",
            "fold_scaling": False,
        }
    ],
    "budget": {"every": {"installed_bytes": 400, "top1_drop": 0.05}},
    "search": {
        "flavour": "small",
        "stop": "pareto",
        "trials": 12,
        "stages": [
            {"name": "half", "cost": 0, "flavour": {"method": "float16"}},
            {"name": "whole", "cost": 1},
            {
                "name": "pruned",
                "cost": 2,
                "recipe": [{"method": "prune_channels", "layers": ".*", "share": 0.5}],
                "choices": {"recipe.0.share": {"low": 0.1, "high": 0.9}},
                "tries": 6,
            },
        ],
    },
}


def make_spec(**changes: Any) -> Spec:
    """The spec with other values of ``search`` or ``budget``."""
    words = json.loads(json.dumps(WORDS))
    for name, value in changes.items():
        words["budget" if name == "budget" else "search"] |= (
            {"every": value} if name == "budget" else {name: value}
        )
    return Spec.model_validate_json(json.dumps(words))


def entry(size: int) -> dict[str, Any]:
    """A flavour of so many bytes."""
    digest = hashlib.sha256(str(size).encode()).hexdigest()
    border = {"name": "v", "tensor": "v", "shape": [1, 4], "dtype": "float32"}
    return {
        "name": "small",
        "kind": "tflite",
        "path": "flavours/small/model.tflite",
        "digest": digest,
        "installed_bytes": size,
        "download_bytes": size,
        "inputs": [border],
        "outputs": [{**border, "name": "scores", "tensor": "scores"}],
        "requires": {"operators": {}},
        "compression": {"recipe": [], "matched": [], "changed": 1, "unchanged": 0},
        "golden": {"files": {}, "tolerance": {}},
    }


def evidence(drop: float, wide: float = 0.0) -> dict[str, Any]:
    """What parity would say of a loss of accuracy."""
    figure = {
        "name": "top1_drop", "value": drop, "unit": "fraction", "evidence": "host", "n": 500,
        "low": drop - wide, "high": drop + wide,
    }  # fmt: skip
    run = {"scores": {"items": 500, "outputs": 3, "finite": True, "figures": [figure], "counts": {}}}
    return {"flavours": {"small": {"runs": {"native": run}}}}


def answer(words: dict[str, Any]) -> dict[str, Any]:
    """A trial's result that hangs on its settings alone: smaller is worse."""
    recipe = words["recipe"]
    share = recipe[0]["share"] if recipe else 0.0
    half = words["flavours"][0]["method"] == "float16"
    size = round((2000 if half else 1000) * (1 - share) ** 2)
    drop = 0.0 if half else 0.01 + 0.1 * share**3
    return Result(Status.DONE, entry(size), evidence(drop)).as_dict()


class Recorder:
    """An executor that remembers what it ran; results come in any wanted order."""

    def __init__(
        self,
        function: Callable[[dict[str, Any]], dict[str, Any]] = answer,
        order: Callable[[list[int]], list[int]] = list,
    ) -> None:
        self.function, self.order = function, order
        self.ran: list[dict[str, Any]] = []

    def run(self, jobs: Sequence[dict[str, Any]], done: Callable[[int, Result], None]) -> None:
        for place in self.order(list(range(len(jobs)))):
            self.ran.append(jobs[place])
            done(place, Result.from_dict(self.function(jobs[place])))

    def close(self) -> None:
        """Nothing is held."""


@pytest.fixture
def context() -> dict[str, str]:
    return {"source": "a", "evaluation": "b"}
