"""The base of everything that is read from a file: strict, frozen, and clear when it refuses.

``pack.toml``, budget files and bundle manifests are read into pydantic models. This
module holds their one base class and turns pydantic's findings into the error that
a person can act on: which field, what came, what an accepted line looks like.
"""

from __future__ import annotations

import json
import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Tag, ValidationError
from pydantic.fields import FieldInfo

from fieldpack.errors import FieldpackError


class Strict(BaseModel):
    """Base model: unknown fields are refused, values are not coerced from text, instances are frozen."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, populate_by_name=True, defer_build=True
    )


ModelT = TypeVar("ModelT", bound=BaseModel)


def validated(
    kind: type[ModelT], values: Mapping[str, Any], where: str, error: type[FieldpackError]
) -> ModelT:
    """Build `kind` from plain values, or raise `error` that names every wrong field.

    Parameters
    ----------
    kind : type
        The pydantic model.
    values : mapping
        Plain values, as a TOML or JSON reader returns them.
    where : str
        The file they came from, named in the message.
    error : type
        The class of :mod:`fieldpack.errors` to raise.
    """
    try:
        # By way of JSON, since pydantic's strict mode takes lists for tuples and words for enums only there.
        return kind.model_validate_json(json.dumps(values, default=str), strict=True)
    except ValidationError as problem:
        raw = [dict(finding) for finding in problem.errors(include_url=False)]
        findings = [_sentence(kind, finding) for finding in raw if not _is_echo(finding, raw)]
        listed = "\n  ".join(findings)
        raise error(f"{where}: {len(findings)} field(s) to mend:\n  {listed}") from problem


def _is_echo(finding: dict[str, Any], others: list[dict[str, Any]]) -> bool:
    """Whether a "too short" only repeats that the items inside did not validate."""
    loc = finding["loc"]
    inner = (other["loc"] for other in others if len(other["loc"]) > len(loc))
    return finding["type"] == "too_short" and any(other[: len(loc)] == loc for other in inner)


def _sentence(kind: type[BaseModel], finding: dict[str, Any]) -> str:
    loc = tuple(finding["loc"])
    path = _path(kind, loc)
    field = _field(kind, loc)
    example = _example(loc, field)
    if finding["type"] == "missing":
        return f"missing field `{path}`{_meaning(field)}{example}"
    if finding["type"] == "extra_forbidden":
        siblings = ", ".join(_siblings(kind, loc)) or "none"
        return f"unknown field `{path}`; fields known here: {siblings}"
    message = str(finding["msg"]).removeprefix("Value error, ")
    came = finding.get("input")
    if isinstance(came, dict | list):  # the whole table says nothing that the message does not
        return f"`{path}`: {message}{example}"
    return f"`{path}`: {message}; got {repr(came)[:120]}{example}"


def _meaning(field: FieldInfo | None) -> str:
    return f" ({field.description})" if field is not None and field.description else ""


def _example(loc: tuple[int | str, ...], field: FieldInfo | None) -> str:
    if field is None or not field.examples:
        return ""
    return f"; example: {loc[-1]} = {toml_literal(field.examples[0])}"


def toml_literal(value: Any) -> str:
    """One value as TOML writes it (bool, number, text, list, inline table)."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {toml_literal(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml_literal(item) for item in value) + "]"
    return repr(value)


def _path(kind: type[BaseModel], loc: tuple[int | str, ...]) -> str:
    """The dotted path of a finding, without the union tags that pydantic adds."""
    text = ""
    for step, _, is_tag in _walk(kind, loc):
        if is_tag:
            continue
        text += f"[{step}]" if isinstance(step, int) else (f".{step}" if text else str(step))
    return text or "the whole file"


def _field(kind: type[BaseModel], loc: tuple[int | str, ...]) -> FieldInfo | None:
    found = None
    for _, field, _ in _walk(kind, loc):
        found = field
    return found


def _siblings(kind: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    owner: Any = kind
    for step in loc[:-1]:
        owner, _, _ = _step(owner, step)
    model = next((item for item in _models(owner)), None)
    return sorted(field.alias or name for name, field in model.model_fields.items()) if model else []


def _walk(
    kind: type[BaseModel], loc: tuple[int | str, ...]
) -> Iterator[tuple[int | str, FieldInfo | None, bool]]:
    owner: Any = kind
    for step in loc:
        owner, field, is_tag = _step(owner, step)
        yield step, field, is_tag


def _step(owner: Any, step: int | str) -> tuple[Any, FieldInfo | None, bool]:
    """Follow one step of a location: a list index, a field name, a dict key or a union tag."""
    if isinstance(step, int):
        arguments = get_args(_bare(owner))
        return (arguments[0] if arguments else None), None, False
    models = list(_models(owner))
    for model in models:
        field = _field_of(model, step)
        if field is not None and (len(models) == 1 or not _is_tag(model, step)):
            return field.annotation, field, False
    for model in models:
        if _is_tag(model, step):
            return model, None, True
    arguments = get_args(_bare(owner))
    for option in arguments:
        if any(isinstance(mark, Tag) and mark.tag == step for mark in get_args(option)[1:]):
            return option, None, True
    if get_origin(_bare(owner)) is dict and len(arguments) == 2:
        return arguments[1], None, False
    return None, None, False


def _field_of(model: type[BaseModel], step: str) -> FieldInfo | None:
    by_alias = {field.alias or name: field for name, field in model.model_fields.items()}
    return by_alias.get(step)


def _is_tag(model: type[BaseModel], step: str) -> bool:
    field = model.model_fields.get("kind")
    return field is not None and step in get_args(field.annotation)


def _bare(owner: Any) -> Any:
    if get_origin(owner) is Annotated:
        return _bare(get_args(owner)[0])
    if get_origin(owner) in (Union, types.UnionType):
        options = [item for item in get_args(owner) if item is not type(None)]
        if len(options) == 1:
            return _bare(options[0])
    return owner


def _models(owner: Any) -> Iterator[type[BaseModel]]:
    bare = _bare(owner)
    if isinstance(bare, type) and issubclass(bare, BaseModel):
        yield bare
    elif get_origin(bare) in (Union, types.UnionType):
        for item in get_args(bare):
            yield from _models(item)
