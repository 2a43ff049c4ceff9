"""A data set listed in a CSV manifest."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from fieldpack.data.example import Example, ExampleList
from fieldpack.data.labels import read_label_map, read_table
from fieldpack.data.sample import sample
from fieldpack.errors import InputError, SpecError
from fieldpack.spec import TableData


def open_table(source: TableData, seed: int) -> ExampleList:
    """Examples of a manifest, in its order.

    Rows are filtered by ``where``, then mapped by ``label_map``, then sampled to ``limit``. An empty
    label cell means unlabelled.

    Raises
    ------
    SpecError
        The manifest, a column or every row is missing, or a file is listed twice.
    InputError
        A listed file is missing.
    """
    manifest = Path(source.manifest)
    rows = read_table(manifest, _columns(source))
    wanted = [row for row in rows if all(row[name] in accepted for name, accepted in source.where.items())]
    if not wanted:
        raise _nothing_left(source, rows)
    labels = None if source.label_map is None else read_label_map(Path(source.label_map))
    examples = [_example(source, row) for row in wanted]
    if labels is not None:
        examples = [
            replace(example, label=labels[str(example.label)])
            for example in examples
            if example.label in labels
        ]
        if not examples:
            raise SpecError(
                f"{source.label_map} maps none of the {len(wanted)} labels of {manifest}",
                came=", ".join(
                    sorted({str(row[source.label_column]) for row in wanted if source.label_column})[:8]
                ),
            )
    chosen = sample(examples, source.limit, seed)
    _check_files(manifest, chosen)
    return ExampleList(chosen, left_out=len(wanted) - len(examples))


def _columns(source: TableData) -> tuple[str, ...]:
    if source.label_map is not None and source.label_column is None:
        raise SpecError("label_map needs label_column", hint='example: label_column = "class"')
    label = () if source.label_column is None else (source.label_column,)
    group = () if source.group_column is None else (source.group_column,)
    return (source.file_column, *label, *source.where, *source.slices, *group)


def _example(source: TableData, row: dict[str, str]) -> Example:
    label = row[source.label_column] if source.label_column is not None else None
    name = row[source.file_column]
    slices = {name: row[name] for name in source.slices}
    group = None if source.group_column is None else row[source.group_column]
    return Example(name, Path(source.folder) / name, label or None, slices, group)


def _nothing_left(source: TableData, rows: list[dict[str, str]]) -> SpecError:
    for name, accepted in source.where.items():
        found = sorted({row[name] for row in rows})
        if not set(found) & set(accepted):
            return SpecError(
                f"no row of {source.manifest} has {name} in {', '.join(accepted)}", came=", ".join(found[:12])
            )
    return SpecError(f"no row of {source.manifest} is left", came=f"{len(rows)} rows before where")


def _check_files(manifest: Path, examples: list[Example]) -> None:
    seen: set[str] = set()
    for example in examples:
        if example.id in seen:
            raise SpecError(
                f"{manifest} lists {example.id!r} twice",
                allowed="one row a file",
                hint="select one row with where",
            )
        seen.add(example.id)
        path = example.raw
        if isinstance(path, Path) and not path.is_file():
            raise InputError(
                f"{path}, listed in {manifest}, does not exist",
                hint="correct folder or file_column in pack.toml",
            )
