"""A PyTorch network in training: AdamW on all layers, and a moving average of the weights beside them."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.errors import MissingDependencyError
from fieldpack_reference_models.learning.checkpoint import State

Real = NDArray[np.float32]


class TorchLearner:
    """A module in training; see :class:`~.loop.Learner`.

    It runs on a GPU where PyTorch finds one.

    Parameters
    ----------
    module : torch.nn.Module
        Holds the start weights; its children ``features`` and ``logits`` are used by name.
    weight_decay : float
        Of AdamW; biases are left out.
    average : float
        Weight of the past in the moving average, a step.
    """

    def __init__(self, module: Any, weight_decay: float, average: float) -> None:
        import torch

        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.module = module.to(self._device, memory_format=torch.channels_last)
        self.averaged = copy.deepcopy(self.module).requires_grad_(False)
        kernels = [value for value in module.parameters() if value.ndim > 1]
        biases = [value for value in module.parameters() if value.ndim == 1]
        self._optimiser = torch.optim.AdamW(
            [{"params": kernels, "weight_decay": weight_decay}, {"params": biases, "weight_decay": 0.0}],
            lr=1e-3,
        )
        self._average = average

    @property
    def parameters(self) -> int:
        """Number of weights."""
        return sum(value.numel() for value in self.module.parameters())

    def features(self, inputs: Real) -> Real:
        """What the head sees, float32 [N, F]."""
        import torch

        with torch.no_grad():
            found: Real = self._array(self.module.features(self._tensor(inputs)))
            return found

    def set_head(self, kernel: Real, bias: Real) -> None:
        """Set ``logits`` of both modules."""
        import torch

        for module in (self.module, self.averaged):
            with torch.no_grad():
                module.logits.weight.copy_(torch.from_numpy(np.ascontiguousarray(kernel.T)))
                module.logits.bias.copy_(torch.from_numpy(bias))

    def step(self, inputs: Real, targets: Real, rate: float) -> float:
        """One step of AdamW; returns the loss before it."""
        import torch

        for group in self._optimiser.param_groups:
            group["lr"] = rate
        wanted = torch.from_numpy(targets).to(self._device)
        loss = torch.nn.functional.cross_entropy(self.module(self._tensor(inputs)), wanted)
        self._optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.module.parameters(), 1.0)
        self._optimiser.step()
        with torch.no_grad():
            kept, current = list(self.averaged.parameters()), list(self.module.parameters())
            torch._foreach_lerp_(kept, current, 1 - self._average)
        return float(loss.detach())

    def predict(self, inputs: Real) -> Real:
        """Shares [N, classes] by the averaged weights."""
        import torch

        with torch.no_grad():
            found: Real = self._array(torch.softmax(self.averaged(self._tensor(inputs)), dim=1))
            return found

    def state(self) -> State:
        """Weights, their average, and the optimiser's moments and step counts, by position."""
        values = {f"weights.{name}": value for name, value in self.module.state_dict().items()}
        values |= {f"average.{name}": value for name, value in self.averaged.state_dict().items()}
        for index, memory in self._optimiser.state_dict()["state"].items():
            values |= {f"optimiser.{index}.{name}": value for name, value in memory.items()}
        return {name: self._array(value) for name, value in values.items()}

    def restore(self, state: State) -> None:
        """Go on from :meth:`state`."""
        import torch

        tensors = {name: torch.from_numpy(np.array(value)) for name, value in state.items()}
        self.module.load_state_dict(_below("weights", tensors))
        self.averaged.load_state_dict(_below("average", tensors))
        memory: dict[int, dict[str, Any]] = {}
        for name, value in _below("optimiser", tensors).items():
            index, _, field = name.partition(".")
            memory.setdefault(int(index), {})[field] = value
        groups = self._optimiser.state_dict()["param_groups"]
        self._optimiser.load_state_dict({"state": memory, "param_groups": groups})

    def _tensor(self, inputs: Real) -> Any:
        import torch

        return torch.from_numpy(inputs).to(self._device).contiguous(memory_format=torch.channels_last)

    @staticmethod
    def _array(value: Any) -> Any:
        return value.detach().cpu().contiguous().numpy().copy()


def _below(part: str, tensors: dict[str, Any]) -> dict[str, Any]:
    return {
        name.partition(".")[2]: value for name, value in tensors.items() if name.partition(".")[0] == part
    }


def framework() -> Any:
    """PyTorch.

    Raises
    ------
    MissingDependencyError
        It is not installed.
    """
    try:
        import torch
    except ImportError as error:
        raise MissingDependencyError(
            "Training needs PyTorch.", came=error, hint="pip install 'fieldpack[torch]'"
        ) from error
    return torch


def save(trained: TorchLearner, path: Path) -> None:
    """The averaged weights as a state dict of float16 tensors."""
    state = {name: value.cpu().contiguous().half() for name, value in trained.averaged.state_dict().items()}
    framework().save(state, path)


def stored(path: Path, module: Any) -> Any:
    """`module` with the weights of :func:`save`, widened to the float32 of its own."""
    module.load_state_dict(framework().load(path, map_location="cpu", weights_only=True))
    return module
