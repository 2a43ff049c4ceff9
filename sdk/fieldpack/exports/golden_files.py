"""Golden vectors as raw numbers, for tests of generated projects that run the model itself."""

from __future__ import annotations

from fieldpack.bundle.manifest import FlavourEntry
from fieldpack.bundle.read import Bundle
from fieldpack.phone_projects.index import raw_floats

MOST = 8
MOST_BYTES = 8_000_000
"""Examples that a project takes along, and their size; ``fieldpack bench project`` takes all of them."""


def golden_count(bundle: Bundle) -> int:
    """How many examples the files hold."""
    one = sum(4 * int(array[0].size) for array in bundle.golden_inputs().values())
    return max(1, min(MOST, len(bundle.manifest.golden.ids), MOST_BYTES // one))


def golden_files(bundle: Bundle, flavour: FlavourEntry) -> dict[str, bytes]:
    """Little-endian float32: ``input-N.f32`` as the contract has it, ``output-N.f32`` of the flavour."""
    count = golden_count(bundle)
    inputs, outputs = bundle.golden_inputs(), bundle.flavour_golden(flavour.name)
    files = {}
    for number, border in enumerate(flavour.inputs):
        files[f"input-{number}.f32"] = raw_floats(inputs[border.name][:count])
    for number, border in enumerate(flavour.outputs):
        files[f"output-{number}.f32"] = raw_floats(outputs[border.name][:count])
    return files
