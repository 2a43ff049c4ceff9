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

from fieldpack.coreml.ops._op_list import OPERATORS
from fieldpack.errors import ModelFileError, UnsupportedError

#: Form of a parameter that takes any number of values of any kind, lists among them.
ANY_NUMBER = "tuple[Any, ...]"
#: Forms of a single number.
_SCALARS: dict[str, Callable[[Any], Any]] = {"int": int, "float": float, "bool": bool}
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
    """The operator file for a MIL operation.

    Raises
    ------
    UnsupportedError
        There is none.
    """
    if name not in OPERATORS:
        raise UnsupportedError(
            f"Operator {name!r} cannot be run",
            came=f"{name} of operator set {opset}",
            allowed=", ".join(OPERATORS),
            hint="convert without it, or run the package on a device",
        )
    return _load(name)


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
