"""The contract of a spec as the bundle states it: paths are those inside the bundle."""

from __future__ import annotations

from typing import Any

from fieldpack.bundle.cell_tables import location_inputs
from fieldpack.contract import Contract, LabelTable, Output


def packed_contract(contract: Contract) -> Contract:
    """The contract with paths of labels, taxonomies, thresholds and tables inside the bundle."""
    places = {item.name: item.with_tables(place) for item, place in location_inputs(contract)}
    inputs = tuple(places.get(item.name, item) for item in contract.inputs)
    outputs = tuple(_packed(output) for output in contract.outputs)
    return contract.model_copy(update={"inputs": inputs, "outputs": outputs})


def _packed(output: Output) -> Output:
    """An output as the bundle's contract states it, with paths inside the bundle."""
    update: dict[str, Any] = {}
    if output.labels:
        update = {"labels": f"labels/{output.name}.txt", "skip_labels": 0}
    if isinstance(output.label_format, LabelTable):
        named = output.label_format.common is not None
        update["label_format"] = "scientific_common" if named else "plain"
    if output.taxonomy:
        update["taxonomy"] = f"labels/{output.name}.taxonomy.csv"
    if output.thresholds or output.refit:
        update["thresholds"] = f"labels/{output.name}.thresholds.csv"
    return output.model_copy(update=update)
