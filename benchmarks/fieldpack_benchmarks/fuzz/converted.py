"""Worker target: small models by coremltools, for the full fuzz study: what its writer really writes."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from pathlib import Path
from typing import Any

import numpy as np


def write(folder: str) -> dict[str, Any]:
    """Write an iOS 18 program with state, three compressed ones, a GRU and an older network.

    Returns
    -------
    dict
        ``paths`` of the models.
    """
    import coremltools as ct
    import torch

    logging.getLogger("coremltools").setLevel(logging.ERROR)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), torch.random.fork_rng():
        warnings.simplefilter("ignore")
        torch.manual_seed(0)
        models = {"gru.mlpackage": _gru(ct), "stateful.mlpackage": _stateful(ct), "older.mlmodel": _older(ct)}
        models |= _compressed(ct)
        paths = []
        for name, model in models.items():
            path = Path(folder) / name
            model.save(str(path))
            paths.append(str(path))
    return {"paths": paths}


def _convert(ct: Any, module: Any, shape: tuple[int, ...], **options: Any) -> Any:
    import torch

    traced = torch.jit.trace(module.eval(), torch.zeros(shape), check_trace=False)
    options.setdefault("inputs", [ct.TensorType(name="x", shape=shape)])
    return ct.convert(traced, skip_model_load=True, **options)


def _net() -> Any:
    from torch import nn

    return nn.Sequential(
        nn.Conv2d(3, 8, 3, 2, 1), nn.BatchNorm2d(8), nn.Hardswish(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(128, 16), nn.LayerNorm(16), nn.GELU(), nn.Linear(16, 4), nn.Softmax(1),
    )  # fmt: skip


def _compressed(ct: Any) -> dict[str, Any]:
    import coremltools.optimize.coreml as cto

    base = _convert(ct, _net(), (1, 3, 16, 16), minimum_deployment_target=ct.target.iOS18)
    settings = {
        "int4": (
            cto.linear_quantize_weights,
            cto.OpLinearQuantizerConfig(
                mode="linear_symmetric",
                dtype="int4",
                granularity="per_block",
                block_size=8,
                weight_threshold=0,
            ),
        ),
        "palette": (
            cto.palettize_weights,
            cto.OpPalettizerConfig(mode="uniform", nbits=2, weight_threshold=0),
        ),
        "sparse": (
            cto.prune_weights,
            cto.OpMagnitudePrunerConfig(target_sparsity=0.5, weight_threshold=0),
        ),
    }
    return {
        f"{name}.mlpackage": compress(base, cto.OptimizationConfig(global_config=setting))
        for name, (compress, setting) in settings.items()
    }


def _gru(ct: Any) -> Any:
    from torch import nn

    class Last(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.gru = nn.GRU(4, 4, batch_first=True)
            self.lstm = nn.LSTM(4, 4, batch_first=True, bidirectional=True)

        def forward(self, values: Any) -> Any:
            return self.lstm(self.gru(values)[0])[0].topk(3, dim=-1)[0]

    return _convert(ct, Last(), (1, 3, 4), minimum_deployment_target=ct.target.iOS17)


def _stateful(ct: Any) -> Any:
    import torch
    from torch import nn

    class Sum(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("sum", torch.zeros(1, 4))

        def forward(self, values: Any) -> Any:
            self.sum.add_(values)
            return self.sum * 2

    tensor = ct.TensorType(shape=(1, 4), dtype=np.float16)
    return _convert(
        ct,
        Sum(),
        (1, 4),
        states=[ct.StateType(tensor, name="sum")],
        minimum_deployment_target=ct.target.iOS18,
    )


def _older(ct: Any) -> Any:
    picture = ct.ImageType(name="photo", shape=(1, 3, 16, 16), scale=1 / 255)
    labels = ct.ClassifierConfig(["a", "b", "c", "d"])
    return _convert(
        ct, _net(), (1, 3, 16, 16), inputs=[picture], convert_to="neuralnetwork", classifier_config=labels
    )
