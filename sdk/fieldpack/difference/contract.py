"""What the contracts of two bundles say otherwise, field by field, and which of it is preprocessing.

Files that a contract names are compared by what they hold: labels, taxonomies and thresholds have modules of
their own, tables of cells are compared here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fieldpack.bundle.read import Bundle
from fieldpack.contract import LocationInput
from fieldpack.difference.change import Change, Value

TENSOR_FIELDS = frozenset(
    {"kind", "height", "width", "layout", "shape", "bands", "frames", "axes", "low", "high", "meaning"}
)
"""First fields of an input that say what the tensor is; all others say how it is made."""
OTHERWISE = frozenset({"labels", "taxonomy", "thresholds", "threshold", "refit"})
"""Fields of an output that other modules compare."""
PATH = "file"
"""Field of a table of cells; its values are compared."""
LISTS = ("inputs", "outputs", "intervals")


def contract_changes(old: Bundle, new: Bundle) -> Iterator[Change]:
    """Every field of the contract with another value; what only one of them has, as a whole."""
    before, after = (item.manifest.contract.model_dump(mode="json") for item in (old, new))
    for group in LISTS:
        yield from _named_changes(group, before[group], after[group])
    yield from _table_changes(old, new)


def _named_changes(
    group: str, old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]
) -> Iterator[Change]:
    first, second = ({item["name"]: item for item in items} for items in (old, new))
    yield from (Change("contract.removed", f"{group}.{name}", name) for name in first if name not in second)
    yield from (
        Change("contract.added", f"{group}.{name}", None, name) for name in second if name not in first
    )
    orders = [[name for name in one if name in other] for one, other in ((first, second), (second, first))]
    if orders[0] != orders[1]:
        yield Change("contract.reordered", group, ", ".join(orders[0]), ", ".join(orders[1]))
    for name in orders[0]:
        for path, before, after in differing_fields(first[name], second[name]):
            if group != "outputs" or path[0] not in OTHERWISE:
                yield Change(_rule(group, path), ".".join((group, name, *path)), before, after)


def _rule(group: str, path: tuple[str, ...]) -> str:
    made = group == "inputs" and path and path[0] not in TENSOR_FIELDS
    return "preprocessing.changed" if made else "contract.changed"


def differing_fields(
    old: Any, new: Any, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Value, Value]]:
    """Paths at which two documents differ; tables of another ``kind`` are told as a whole."""
    if old == new or path[-1:] == (PATH,):
        return
    tables = isinstance(old, Mapping) and isinstance(new, Mapping)
    if tables and old.get("kind") == new.get("kind"):
        for field in dict.fromkeys((*old, *new)):
            yield from differing_fields(old.get(field), new.get(field), (*path, field))
    else:
        yield path, _plain(old), _plain(new)


def _plain(value: Any) -> Value:
    """A value as a change states it: tables and lists as JSON."""
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return json.dumps(value, ensure_ascii=False)


def _table_changes(old: Bundle, new: Bundle) -> Iterator[Change]:
    """Tables of cells with other values."""
    first, second = _table_digests(old), _table_digests(new)
    for field in first:
        if field in second and first[field] != second[field]:
            yield Change("preprocessing.changed", f"{field}.file", first[field][:12], second[field][:12])


def _table_digests(bundle: Bundle) -> dict[str, str]:
    places = [item for item in bundle.manifest.contract.inputs if isinstance(item, LocationInput)]
    return {
        f"inputs.{item.name}.{field}": bundle.manifest.files[table.file].sha256
        for item in places
        for field, table in item.tables.items()
    }
