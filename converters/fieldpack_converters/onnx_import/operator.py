"""Binds the nodes of a graph to the operator files under ``ops``.

An operator file says by the annotations of its ``run`` in which form it wants each input: a tensor, or
numbers that must be known when the model is imported.  Inputs bind in order, attributes by name, so that
``axes`` may come as either, as the operator sets have it.
"""

from __future__ import annotations

import importlib
import inspect
import keyword
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from fieldpack.errors import SourceError, UnsupportedError
from fieldpack_converters.onnx_import.ops._op_list import OPERATORS, REFUSED

_SCALARS: dict[str, Callable[[Any], Any]] = {"int": int, "float": float, "bool": bool}
#: Parameters that the importer fills: the opset, the number of outputs, the element types of the inputs.
SPECIAL = ("opset", "outputs", "types")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One input or attribute: the ``form`` it wants (its annotation without None)."""

    name: str
    form: str
    required: bool
    variadic: bool
    attribute: bool

    @property
    def is_tensor(self) -> bool:
        """Whether it may be computed when the module runs."""
        return self.form == "Tensor"


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator file.

    Attributes
    ----------
    versions : tuple of int
        The versions of the operator's definition (its ``since_version``) that are covered.
    prepare : callable or None
        Called once with the bound arguments, when all weights are known; gives those of ``run``.
    result_type : callable or None
        Given the inputs' element types (0 for one that is left out) and the arguments, the schema's
        number of the result's; None where its torch type says it.
    shape_only : bool
        The result depends on the shapes of the inputs alone.
    """

    name: str
    run: Callable[..., Any]
    parameters: dict[str, Parameter]
    versions: tuple[int, ...]
    prepare: Callable[[dict[str, Any]], dict[str, Any]] | None
    result_type: Callable[[tuple[int, ...], dict[str, Any]], int] | None
    shape_only: bool

    @property
    def inputs(self) -> list[Parameter]:
        """The parameters that take inputs, in order."""
        return [item for item in self.parameters.values() if not item.attribute]


def module_name(operator: str) -> str:
    """The file of an operator: its name in snake case (``ConvTranspose`` is in ``conv_transpose``)."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", operator).lower()
    return words + "_" if keyword.iskeyword(words) else words


def find_operator(name: str, opset: int) -> Operator:
    """The operator file for a node of a model with this opset.

    Raises
    ------
    UnsupportedError
        There is none, or the opset defines the operator anew.
    """
    if name not in OPERATORS:
        raise UnsupportedError(
            f"The ONNX operator {name} is not supported.",
            came=f"{name} of opset {opset}",
            allowed="what fieldpack_converters/onnx_import/ops/_op_list.py lists",
            hint=REFUSED.get(name, "export the model without it"),
        )
    operator = _load(name)
    version = _version(name, opset)
    if version not in operator.versions:
        raise UnsupportedError(
            f"This version of the ONNX operator {name} is not supported.",
            came=f"version {version} (opset {opset})",
            allowed="versions " + ", ".join(map(str, operator.versions)),
            hint="export the model with an opset from 11 to 21",
        )
    return operator


@cache
def _version(name: str, opset: int) -> int:
    import onnx

    try:
        return int(onnx.defs.get_schema(name, opset, "").since_version)
    except onnx.defs.SchemaError as error:
        raise SourceError(
            f"The operator set of the model has no operator {name}.",
            came=f"opset {opset}",
            hint="the file names an opset that does not fit its nodes; export it again",
        ) from error


@cache
def _load(name: str) -> Operator:
    module = importlib.import_module(f"fieldpack_converters.onnx_import.ops.{module_name(name)}")
    signature = inspect.signature(module.run)
    parameters = {
        key: Parameter(
            name=key,
            form=str(entry.annotation).removesuffix(" | None"),
            required=entry.default is entry.empty and entry.kind is not entry.VAR_POSITIONAL,
            variadic=entry.kind is entry.VAR_POSITIONAL,
            attribute=entry.kind is entry.KEYWORD_ONLY,
        )
        for key, entry in signature.parameters.items()
    }
    return Operator(
        name=name,
        run=module.run,
        parameters=parameters,
        versions=module.VERSIONS,
        prepare=getattr(module, "prepare", None),
        result_type=getattr(module, "result_type", None),
        shape_only=bool(getattr(module, "SHAPE_ONLY", False)),
    )


def attribute_arguments(operator: Operator, label: str, attributes: dict[str, Any]) -> dict[str, Any]:
    """The arguments that attributes give.

    Raises
    ------
    UnsupportedError
        If the operator file knows an attribute not.
    """
    unknown = [name for name in attributes if name not in operator.parameters or name in SPECIAL]
    if unknown:
        raise UnsupportedError(
            f"An attribute of the node {label} is not supported.",
            came=", ".join(unknown),
            allowed=", ".join(name for name in operator.parameters if name not in SPECIAL),
        )
    return dict(attributes)


def in_form(value: Any, parameter: Parameter, label: str) -> Any:
    """A known tensor in the form that a parameter wants.

    Raises
    ------
    SourceError
        If it cannot be brought there.
    """
    form = parameter.form
    if form == "Tensor":
        return value
    if form in _SCALARS and value.numel() == 1:
        return _SCALARS[form](value.item())
    if form.startswith("tuple["):
        inner = form.removeprefix("tuple[").removesuffix(", ...]")
        return tuple(map(_SCALARS[inner], value.reshape(-1).tolist()))
    raise SourceError(
        f"The input {parameter.name} of the node {label} has another form.",
        came=f"{str(value.dtype).removeprefix('torch.')} {tuple(value.shape)}",
        allowed=form,
    )
