"""Label files and taxonomies beside a spec."""

from __future__ import annotations

from pathlib import Path

from fieldpack.bundle.labels import parse_label_table, parse_labels
from fieldpack.contract import Contract, LabelTable, Output
from fieldpack.errors import BundleError, ContractError, SpecError
from fieldpack.taxonomy import Taxonomy, parse_taxonomy


def read_labels(contract: Contract) -> dict[str, tuple[str, ...]]:
    """The labels of every classifying output of a spec's contract.

    Raises
    ------
    SpecError
        A label file is missing.
    ContractError
        A label file or a taxonomy is malformed, or a label is no taxon.
    """
    labels = {}
    for output in contract.outputs:
        if output.labels is None:
            continue
        labels[output.name] = output_labels(output)
        if output.taxonomy is not None:
            read_taxonomy(output.taxonomy).labelled(labels[output.name])
    return labels


def output_labels(output: Output) -> tuple[str, ...]:
    """The labels of one classifying output; errors as of :func:`read_labels`."""
    try:
        lines = _label_lines(output, Path(str(output.labels)).read_bytes(), str(output.labels))
    except OSError as error:
        raise SpecError(
            f"the labels of output {output.name} cannot be read",
            came=f"{output.labels}: {error.strerror}",
        ) from error
    except BundleError as error:
        raise ContractError(error.what, came=error.came, allowed=error.allowed) from error
    return lines[output.skip_labels :]


def _label_lines(output: Output, data: bytes, where: str) -> tuple[str, ...]:
    if isinstance(output.label_format, LabelTable):
        return parse_label_table(data, where, output.label_format)
    return parse_labels(data, where)


def read_taxonomy(path: str) -> Taxonomy:
    """The taxonomy file of an output.

    Raises
    ------
    SpecError
        It cannot be read.
    ContractError
        It is malformed.
    """
    try:
        return parse_taxonomy(Path(path).read_bytes(), path)
    except OSError as error:
        raise SpecError("the taxonomy cannot be read", came=f"{path}: {error.strerror}") from error


def output_taxonomy(output: Output) -> Taxonomy | None:
    """The taxonomy of an output of a spec, its leaves in the order of the outputs; None where it has none.

    Raises
    ------
    SpecError
        A file cannot be read.
    ContractError
        A file is malformed, or a label is no taxon.
    """
    if output.taxonomy is None:
        return None
    taxonomy = read_taxonomy(output.taxonomy)
    return taxonomy if taxonomy.leaves else taxonomy.labelled(output_labels(output))
