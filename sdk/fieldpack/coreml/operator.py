"""Binds the operations of a program to the operator files under ``ops``.

An operator file says by its annotations in which form it wants each input; here the values of a
program are brought to that form, constants once, computed values at every run.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from fieldpack.coreml.ops._op_list import FIRST_OPSET, OPERATORS
from fieldpack.coreml.package import IOS_OF_OPSET
from fieldpack.errors import ModelFileError, UnsupportedError

#: Form of a parameter that takes any number of values of any kind, lists among them.
ANY_NUMBER = "tuple[Any, ...]"
#: Forms of a single number.
_SCALARS: dict[str, Callable[[Any], Any]] = {"int": int, "float": float, "bool": bool}
#: Operator sets whose public operators are all there.
KNOWN_OPSETS = ("CoreML5", "CoreML6", "CoreML7", "CoreML8")
_KNOWN = f"the operator sets {KNOWN_OPSETS[0]} to {KNOWN_OPSETS[-1]}"
#: Values that are no tensors: kinds of their own in ``tensor_list`` and ``state``.
_OWN_KINDS = ("TensorList", "State")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One input of an operator: the ``form`` it wants (its annotation without None)."""

    name: str
    form: str
    required: bool

    @property
    def variadic(self) -> bool:
        """Whether several bindings belong to it."""
        return self.form.startswith("tuple[")


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator file.

    ``many`` says that ``run`` gives a tuple of results, ``volatile`` that two runs on the same inputs
    may differ (random numbers), so that it is never computed ahead.
    """

    name: str
    run: Callable[..., Any]
    parameters: dict[str, Parameter]
    many: bool
    volatile: bool


def find_operator(name: str, opset: str) -> Operator:
    """The operator file for a MIL operation of a program of operator set ``opset`` (``"CoreML6"``).

    Raises
    ------
    UnsupportedError
        There is none.
    ModelFileError
        The operator came with a later operator set than the program declares.
    """
    if name not in OPERATORS:
        raise UnsupportedError(
            f"Operator {name!r} is not known",
            came=f"{name} in a program of operator set {opset}{_ios(opset)}",
            allowed=f"the {len(OPERATORS)} operators of {_KNOWN}: {', '.join(OPERATORS)}",
            hint=_missing_hint(name, opset),
        )
    first = FIRST_OPSET.get(name, "")
    if first and opset in IOS_OF_OPSET and _order(opset) < _order(first):
        raise ModelFileError(
            f"Operator {name!r} belongs to a later operator set than the program declares",
            came=opset + _ios(opset),
            allowed=f"{first}{_ios(first)} or later",
            hint="convert with a later minimum_deployment_target; a device refuses the file as it is",
        )
    return _load(name)


def _ios(opset: str) -> str:
    return f" (iOS {IOS_OF_OPSET[opset]})" if opset in IOS_OF_OPSET else ""


def _order(opset: str) -> int:
    return int(opset.removeprefix("CoreML"))


def _missing_hint(name: str, opset: str) -> str:
    """What an unknown operator means: a layer of the app's own, a newer specification, or damage."""
    if name == "custom_layer":
        return "a custom layer is code inside the app; convert without it"
    if opset not in KNOWN_OPSETS:
        return f"the operator set is later than {_KNOWN}; its operator file is missing here"
    return "no public operator set up to iOS 18 has it: the file is damaged, or written for a later system"


@cache
def _load(name: str) -> Operator:
    module = importlib.import_module(f"fieldpack.coreml.ops.{name}")
    run = module.run
    signature = inspect.signature(run)
    parameters = {
        key: Parameter(key, str(entry.annotation).removesuffix(" | None"), entry.default is entry.empty)
        for key, entry in signature.parameters.items()
    }
    many = str(signature.return_annotation).startswith("tuple[")
    return Operator(name, run, parameters, many, bool(getattr(module, "VOLATILE", False)))


def convert(value: Any, form: str) -> Any:
    """Bring a value (torch tensor, text or tuple) to the form of a parameter.

    Raises
    ------
    ModelFileError
        It cannot be brought there.
    """
    if form == "Any" or (form == "Tensor" and hasattr(value, "dtype")):
        return value
    if form in _OWN_KINDS and type(value).__name__ == form:
        return value
    if form in _SCALARS and hasattr(value, "numel") and value.numel() == 1:
        return _SCALARS[form](value.item())
    if form == "str" and isinstance(value, str):
        return value
    if form.startswith("tuple["):
        return _convert_tuple(value, form.removeprefix("tuple[").removesuffix(", ...]"))
    raise ModelFileError("An input has another form", came=type(value).__name__, allowed=form)


def _convert_tuple(value: Any, inner: str) -> tuple[Any, ...]:
    if isinstance(value, tuple):
        return tuple(convert(item, inner) for item in value)
    if inner == "Tensor":
        return (value,)
    if inner in _SCALARS and hasattr(value, "reshape"):
        return tuple(map(_SCALARS[inner], value.reshape(-1).tolist()))
    raise ModelFileError("An input has another form", came=type(value).__name__, allowed=f"a list of {inner}")
