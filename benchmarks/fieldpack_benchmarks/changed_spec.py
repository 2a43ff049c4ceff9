"""Specs that were changed in memory, written as TOML: what ``--quick`` and the settings study build."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fieldpack.errors import SpecError
from fieldpack.spec import FolderData, ProviderData, Spec, TableData


def write_smaller_spec(spec: Spec, limit: int, path: Path) -> None:
    """Write `spec` with the evaluation set limited to a seeded sample of `limit` files.

    Raises
    ------
    SpecError
        The evaluation data cannot be limited.
    """
    if not isinstance(spec.data.evaluation, TableData | FolderData):
        raise SpecError("only a table or a folder can be limited", came=spec.data.evaluation.kind)
    fewer = min(limit, spec.data.evaluation.limit or limit)
    evaluation = spec.data.evaluation.model_copy(update={"limit": fewer})
    data = spec.data.model_copy(update={"evaluation": evaluation})
    write_spec(spec.model_copy(update={"data": data}), path)


def with_flavours(spec: Spec, names: Sequence[str], most_examples: int) -> Spec:
    """The spec with some of its flavours, their limits, and at most so many generated examples a set."""
    update = {
        name: data.model_copy(update={"count": min(most_examples, data.count)})
        for name in ("evaluation", "calibration")
        if isinstance(data := getattr(spec.data, name), ProviderData)
    }
    limits = {name: limit for name, limit in spec.budget.flavours.items() if name in names}
    return spec.model_copy(
        update={
            "data": spec.data.model_copy(update=update),
            "flavours": tuple(item for item in spec.flavours if item.name in names),
            "budget": spec.budget.model_copy(update={"flavours": limits}),
        }
    )


def write_spec(spec: Spec, path: Path) -> None:
    """Write any spec as TOML; its paths are absolute, so the file may lie anywhere."""
    document = spec.model_dump(mode="json", by_alias=True, exclude_none=True)
    path.write_text("".join(f"{key} = {toml_value(value)}\n" for key, value in document.items()))


def toml_value(value: Any) -> str:
    """A value of plain data on one line of TOML; floats keep all their digits.

    Raises
    ------
    SpecError
        TOML has no such value.
    """
    if isinstance(value, bool | str):
        return json.dumps(value)  # a JSON string is a TOML basic string
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml_value(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml_value(item) for item in value) + "]"
    raise SpecError("TOML has no such value", came=value)
