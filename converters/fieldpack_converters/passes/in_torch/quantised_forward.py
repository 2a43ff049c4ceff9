"""A module's forward pass as its static int8 TFLite file computes it.

The module is traced by ``torch.fx``; its calls run one by one. A tensor is rounded where the file stores it:
behind a layer with the batch norm and the ReLU that are fused into it. Calls that only move values keep the
range of their input; what is inside one call (a SiLU's sigmoid) stays float. Batch norms use their running
statistics.
"""

from __future__ import annotations

import operator
import re
from typing import Any

from fieldpack.errors import UnsupportedError
from fieldpack_converters.opened_source import Array, OpenedSource
from fieldpack_converters.passes.in_torch.fake_quantisation import WatchedRange, rounded_activation
from fieldpack_converters.passes.in_torch.quantised_layers import (
    KINDS,
    QuantisedLayer,
    can_fold,
    can_quantise,
)

MOVES = frozenset({
    "flatten", "reshape", "view", "permute", "transpose", "squeeze", "unsqueeze", "contiguous", "getitem",
    "unflatten", "chunk", "split", "maxpool2d", "max_pool2d", "avgpool2d", "avg_pool2d",
    "zeropad2d", "pad", "upsample", "interpolate", "identity",
})  # fmt: skip
ABSENT = frozenset({"dropout", "dropout1d", "dropout2d"})
FUSES_RELU = frozenset({"add", "iadd", "sub", "isub", "mul", "imul"})
FIXED = {"softmax": (0.0, 255 / 256), "sigmoid": (0.0, 255 / 256), "tanh": (-1.0, 127 / 128)}
"""Ranges that TFLite's kernels demand."""


class QuantisedForward:
    """Runs the calls of a traced module one by one and rounds what is between them.

    Parameters
    ----------
    pattern : str
        Regular expression of the layers whose weights are rounded.

    Raises
    ------
    UnsupportedError
        The module cannot be traced, or holds weights of a kind that is not covered.
    """

    def __init__(self, opened: OpenedSource, pattern: str) -> None:
        self._module = opened.model
        self._graph = _traced(opened.model)
        _demand_covered(self._graph, opened.model, pattern)
        self.fixed = False
        self._ranges: dict[str, WatchedRange] = {}
        self._seen: dict[str, Any] | None = None
        self.layers = self._quantised(pattern)
        self._folded = {id(one.norm) for one in self.layers.values() if one.norm is not None}

    def fix(self, on: bool) -> None:
        """Whether ranges stand still, or follow the batches."""
        self.fixed = on

    def ranges(self) -> dict[str, list[float]]:
        """[low, high] by the layer or the call that made the tensor, in the order of the run."""
        return {name: list(watched.ends()) for name, watched in self._ranges.items()}

    def seen(self, inputs: list[Array]) -> dict[str, Array]:
        """What every tensor with a range holds, without rounding of activations."""
        import torch

        self._seen = {}
        try:
            with torch.no_grad():
                self(inputs)
            return {name: values.numpy() for name, values in self._seen.items()}
        finally:
            self._seen = None

    def restore(self, ranges: dict[str, list[float]]) -> None:
        """Fix every range to what ``ranges()`` told."""
        for name, ends in ranges.items():
            self._ranges.setdefault(name, WatchedRange()).set(ends)
        self.fix(True)

    def __call__(self, inputs: list[Array]) -> list[Any]:
        """All outputs, flat, as tensors with gradients."""
        import torch

        fed = iter([torch.from_numpy(array) for array in inputs])
        values: dict[Any, Any] = {}
        for node in self._graph.nodes:
            if node.op == "placeholder":
                made = next(fed, node.args[0] if node.args else None)
            else:
                made = self._called(node, values)
            values[node] = made if node.op in ("get_attr", "output") else self._rounded(node, made)
        made = values[node]
        made = list(made.values()) if isinstance(made, dict) else made
        return list(made) if isinstance(made, tuple | list) else [made]

    def _quantised(self, pattern: str) -> dict[str, QuantisedLayer]:
        found = {}
        for node in self._graph.nodes:
            layer = self._layer(node)
            if layer is None or not can_quantise(layer) or not re.search(pattern, node.target):
                continue
            reader = _only_reader(node)
            norm = None if reader is None else self._layer(reader)
            once = self._calls(layer) == self._calls(norm) == 1
            found[node.target] = QuantisedLayer(layer, norm if once and can_fold(layer, norm) else None)
        return found

    def _layer(self, node: Any) -> Any | None:
        """The module that a node calls."""
        return self._module.get_submodule(node.target) if node.op == "call_module" else None

    def _calls(self, layer: Any) -> int:
        return sum(self._layer(node) is layer for node in self._graph.nodes) if layer is not None else 0

    def _called(self, node: Any, values: dict[Any, Any]) -> Any:
        import torch

        if node.op == "get_attr":
            return operator.attrgetter(node.target)(self._module)
        args, kwargs = torch.fx.map_arg((node.args, node.kwargs), values.__getitem__)
        if node.op == "output":
            return args[0]
        if node.op == "call_function":
            return node.target(*args, **kwargs)
        if node.op == "call_method":
            return getattr(args[0], node.target)(*args[1:], **kwargs)
        layer = self._layer(node)
        if _word(node, layer) in ABSENT or id(layer) in self._folded:
            return args[0]  # folded: the layer before it has done its work
        if node.target in self.layers:
            return self.layers[node.target].linear(args[0])
        return _in_eval(layer, args, kwargs)

    def _rounded(self, node: Any, value: Any) -> Any:
        import torch

        if not isinstance(value, torch.Tensor) or not value.is_floating_point() or not self._stored(node):
            return value
        word = _word(node, self._layer(node))
        name = node.target if node.op == "call_module" else node.name
        if self._seen is not None:
            self._seen.update({name: value} if word not in FIXED else {})
            return value
        if word in FIXED:
            # The last probabilities stay whole: a loss needs their logarithm.
            return value if _is_output(node) else rounded_activation(value, *FIXED[word])
        return self._ranges.setdefault(name, WatchedRange())(value, self.fixed)

    def _stored(self, node: Any) -> bool:
        """Whether the file keeps what the call makes as integers of a range of its own."""
        layer = self._layer(node)
        word = _word(node, layer)
        if node.op == "placeholder":
            return True
        if word in MOVES or word in ABSENT:
            return False
        own = self.layers.get(node.target) if layer is not None else None
        if own is not None and own.norm is not None:
            return False
        fuses = word in FUSES_RELU or own is not None or id(layer) in self._folded
        reader = _only_reader(node)
        return not (fuses and reader is not None and _is_relu(reader, self._layer(reader)))


def _traced(module: Any) -> Any:
    import torch

    try:
        return torch.fx.symbolic_trace(module).graph
    except Exception as error:  # the module's own code runs on stand-ins for tensors
        raise UnsupportedError(
            "quantisation_aware cannot follow the module's forward pass",
            came=f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"[:200],
            allowed="a module that torch.fx can trace: no branches on values",
            hint="round fits 8-bit weights to a PyTorch model without training",
        ) from error


def _demand_covered(graph: Any, module: Any, pattern: str) -> None:
    """Refuse weights that the file would round and the training would not."""
    for name, layer in module.named_modules():
        heavy = any(parameter.dim() > 1 for parameter in layer.parameters(recurse=False))
        if heavy and re.search(pattern, name) and not can_quantise(layer):
            raise UnsupportedError(
                f"quantisation_aware cannot round the weights of {name}",
                came=type(layer).__name__,
                allowed=KINDS,
                hint="let layers leave it out",
            )
    for node in graph.nodes:
        if node.op == "get_attr" and operator.attrgetter(node.target)(module).dim() > 1:
            raise UnsupportedError(
                f"quantisation_aware cannot round {node.target}, which is used outside of a layer",
                came=f"read by {', '.join(user.name for user in node.users)}",
                allowed=KINDS,
            )


def _in_eval(layer: Any, args: Any, kwargs: Any) -> Any:
    """The layer's answer with running statistics, also while it trains."""
    training = layer.training
    layer.train(False)
    try:
        return layer(*args, **kwargs)
    finally:
        layer.train(training)


def _only_reader(node: Any) -> Any | None:
    users = list(node.users)
    return users[0] if len(users) == 1 and users[0].op != "output" else None


def _is_output(node: Any) -> bool:
    return any(user.op == "output" for user in node.users)


def _word(node: Any, layer: Any | None) -> str:
    """What a call does, in small letters."""
    if layer is not None:
        return type(layer).__name__.lower()
    target = node.target
    return str(target if isinstance(target, str) else getattr(target, "__name__", "")).strip("_").lower()


def _is_relu(node: Any, layer: Any | None) -> bool:
    word = _word(node, layer)
    if word == "hardtanh":
        return layer is not None and (layer.min_val, layer.max_val) == (0.0, 6.0)
    return word in ("relu", "relu6")
