"""Graphs in PyTorch: a module of plain tensor operations, which converts like any other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from fieldpack_converters.front_end.operations import Graph, Operation


class FrontEndModule(nn.Module):  # type: ignore[misc]
    """A graph as a module: float32 [N, samples] to [N, ...].

    Its constants are buffers that no state dict holds, since the contract says them.

    Parameters
    ----------
    graph : Graph
        See :func:`fieldpack_converters.front_end.spectrogram.graph_of`.
    """

    def __init__(self, graph: Graph) -> None:
        super().__init__()
        self._operations = graph.operations
        for place, one in enumerate(graph.operations):
            for key, item in one.settings.items():
                if isinstance(item, np.ndarray):
                    constant = torch.tensor(item, dtype=torch.float32)
                    self.register_buffer(f"{key}_{place}", constant, persistent=False)

    def forward(self, sounds: torch.Tensor) -> torch.Tensor:
        """Run the operations in order."""
        values = [sounds]
        for place, one in enumerate(self._operations[1:], 1):
            settings = {
                key: getattr(self, f"{key}_{place}") if isinstance(item, np.ndarray) else item
                for key, item in one.settings.items()
            }
            held = Operation(one.name, one.inputs, one.shape, settings)
            values.append(RUN[one.name](held, *(values[before] for before in one.inputs)))
        return values[-1]


def _reshape(one: Operation, value: torch.Tensor) -> torch.Tensor:
    return value.reshape(-1, *one.shape)


def _transpose(one: Operation, value: torch.Tensor) -> torch.Tensor:
    return value.permute(0, *(axis + 1 for axis in one.settings["axes"]))


def _pad(one: Operation, value: torch.Tensor) -> torch.Tensor:
    widths = (one.settings["before"], one.settings["after"])
    return nn.functional.pad(value[:, None], widths, mode=one.settings["mode"])[:, 0]


def _part(one: Operation, value: torch.Tensor) -> torch.Tensor:
    words = one.settings
    cut = slice(words["start"], words["stop"], words["step"])
    return value[(slice(None),) * (words["axis"] + 1) + (cut,)]


def _concatenate(one: Operation, *values: torch.Tensor) -> torch.Tensor:
    return torch.cat(values, dim=one.settings["axis"] + 1)


def _convolve(one: Operation, value: torch.Tensor) -> torch.Tensor:
    kernel = one.settings["kernel"].transpose(0, 1)[:, None]
    return nn.functional.conv1d(value[:, None], kernel, stride=one.settings["hop"]).transpose(1, 2)


def _reduced(name: str) -> Callable[..., torch.Tensor]:
    def run_it(one: Operation, value: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = getattr(torch, name)(value, dim=tuple(range(1, value.ndim)), keepdim=True)
        return result

    return run_it


RUN: dict[str, Callable[..., Any]] = {
    "reshape": _reshape,
    "transpose": _transpose,
    "pad": _pad,
    "part": _part,
    "concatenate": _concatenate,
    "reverse": lambda one, value: torch.flip(value, (-1,)),
    "pick": lambda one, value: torch.index_select(value, -1, torch.tensor(one.settings["places"])),
    "matmul": lambda one, value: torch.matmul(value, one.settings["matrix"]),
    "convolve": _convolve,
    "real_of_fft": lambda one, value: torch.fft.rfft(value, dim=-1).real,
    "imaginary_of_fft": lambda one, value: torch.fft.rfft(value, dim=-1).imag,
    "plus": lambda one, a, b: a + b,
    "minus": lambda one, a, b: a - b,
    "over": lambda one, a, b: a / b,
    "scaled": lambda one, value: value * one.settings["factor"],
    "shifted": lambda one, value: value + one.settings["offset"],
    "squared": lambda one, value: value * value,
    "root": lambda one, value: torch.sqrt(value),
    "magnitude": lambda one, value: torch.abs(value),
    "logarithm": lambda one, value: torch.log(value),
    "power": lambda one, value: torch.pow(value, one.settings["exponent"]),
    "at_least": lambda one, value: torch.clamp(value, min=one.settings["floor"]),
    "larger": lambda one, a, b: torch.maximum(a, b),
    "smaller": lambda one, a, b: torch.minimum(a, b),
    "floor": lambda one, value: torch.floor(value),
    "sine": lambda one, value: torch.sin(value),
    "max": _reduced("amax"),
    "min": _reduced("amin"),
    "mean": _reduced("mean"),
}
"""Operation -> what it does to tensors that lead with the batch axis."""
