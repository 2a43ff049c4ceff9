"""Tables of values by H3 cell in a bundle: where they lie, and whether they are what the contract says."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from fieldpack.bundle.finding import Finding, FindingCode
from fieldpack.bundle.manifest import Manifest
from fieldpack.contract import Contract, Input, LocationInput
from fieldpack.errors import InputError, MissingDependencyError

if TYPE_CHECKING:
    from fieldpack.bundle.read import Bundle


def location_inputs(contract: Contract) -> list[tuple[LocationInput, Callable[[str, str], str]]]:
    """The inputs that take places, each with what ``with_tables`` needs to name files in a bundle."""
    return [
        (item, partial(_path_in_bundle, item.name))
        for item in contract.inputs
        if isinstance(item, LocationInput)
    ]


def _path_in_bundle(name: str, field: str, file: str) -> str:
    return f"tables/{name}.{field}.csv"


def placed_input(bundle: Bundle, item: Input) -> Input:
    """An input of a bundle's contract whose tables are named by real paths, checked."""
    if not isinstance(item, LocationInput):
        return item
    return item.with_tables(lambda field, file: str(bundle.path(file)))


def cell_table_findings(manifest: Manifest, read: Callable[[str], bytes | None]) -> list[Finding]:
    """What is wrong with the tables of a bundle; nothing is looked at where ``h3`` is not installed."""
    from fieldpack.preprocess.cells import read_cell_table

    findings = []
    for item, _ in location_inputs(manifest.contract):
        for table in item.tables.values():
            data = read(table.file)
            if data is None:
                continue
            try:
                read_cell_table(data, table)
            except InputError as error:
                findings.append(Finding(FindingCode.CONTRACT, table.file, error.what))
            except MissingDependencyError:
                continue
    return findings
