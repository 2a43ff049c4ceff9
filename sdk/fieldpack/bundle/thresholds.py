"""Threshold files: UTF-8 CSV with the columns ``label`` and ``threshold``, one row a label, empty for none.

A label without a threshold of its own counts as present from the output's ``threshold`` on.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from fieldpack.bundle.finding import Finding, FindingCode
from fieldpack.errors import BundleError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fieldpack.bundle.manifest import Manifest
    from fieldpack.contract import Output

HEADER = ("label", "threshold")


def parse_thresholds(data: bytes, where: str, labels: Sequence[str]) -> NDArray[Any]:
    """Thresholds in the order of the labels, float32 [C], NaN for none.

    Parameters
    ----------
    data : bytes
        UTF-8 CSV, with or without byte order mark, rows in any order.
    where : str
        Name of the file, for the message.
    labels : sequence of str
        The output's.

    Raises
    ------
    BundleError
        It is no such file, is for other labels, or a threshold is no finite number.
    """
    import numpy as np

    try:
        rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    except (UnicodeDecodeError, csv.Error) as error:
        raise BundleError(f"{where} is not a CSV file in UTF-8", came=error) from error
    if not rows or tuple(rows[0]) != HEADER or any(len(row) != len(HEADER) for row in rows):
        came = ",".join(rows[0]) if rows else "nothing"
        raise BundleError(f"{where} is no list of thresholds", came=came, allowed="label,threshold")
    found = {row[0]: row[1] for row in rows[1:]}
    if len(found) != len(rows) - 1 or set(found) != set(labels):
        raise BundleError(
            f"{where} is for other labels",
            came=_difference(found, labels) if len(found) == len(rows) - 1 else "a label twice",
            allowed=f"each of the {len(labels)} labels once",
            hint="write the thresholds of these labels; an empty cell is none",
        )
    return np.array([_number(found[label], f"{where}, {label}") for label in labels], np.float32)


def _difference(found: dict[str, str], labels: Sequence[str]) -> str:
    strange, missing = sorted(set(found) - set(labels)), sorted(set(labels) - set(found))
    parts = [f"{len(names)} {what}, such as {names[0]}" for names, what in
             ((strange, "unknown"), (missing, "missing")) if names]  # fmt: skip
    return "; ".join(parts)


def _number(text: str, where: str) -> float:
    if not text.strip():
        return math.nan
    try:
        value = float(text)
    except ValueError:
        value = math.inf
    if not math.isfinite(value):
        raise BundleError(f"{where}: a threshold is no finite number", came=repr(text), allowed="a score")
    return value


def thresholds_bytes(labels: Sequence[str], values: NDArray[Any]) -> bytes:
    """The bytes of a threshold file; `values` float32 [C], NaN for none."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    for label, value in zip(labels, values, strict=True):
        writer.writerow((label, "" if math.isnan(value) else str(value)))
    return text.getvalue().encode("utf-8")


def in_force(output: Output, values: NDArray[Any] | None) -> Any:
    """The threshold of each label, float64 [C]; the output's own number, or None, without a file."""
    import numpy as np

    if values is None or output.threshold is None:
        return output.threshold
    return np.where(np.isnan(values), np.float64(output.threshold), values.astype(np.float64))


def threshold_findings(
    manifest: Manifest, labels: dict[str, tuple[str, ...]], read: Callable[[str], bytes | None]
) -> list[Finding]:
    """What is wrong with the threshold files of a bundle."""
    files = [(output.name, output.thresholds) for output in manifest.contract.outputs if output.thresholds]
    files += [pair for flavour in manifest.flavours for pair in flavour.thresholds.items()]
    findings = []
    for output, path in files:
        data = read(path)
        if data is None or output not in labels:
            continue
        try:
            parse_thresholds(data, path, labels[output])
        except BundleError as error:
            findings.append(Finding(FindingCode.LABELS, path, error.what))
    return findings
