"""Golden vectors as raw numbers, for tests of generated projects that run the model itself."""

from __future__ import annotations

from fieldpack.bundle.manifest import FlavourEntry
from fieldpack.bundle.read import Bundle
from fieldpack.phone_projects.index import raw_floats

MOST = 8
"""Examples that a project takes along; phones run all of them with ``fieldpack bench project``."""


def golden_count(bundle: Bundle) -> int:
    """How many examples the files hold."""
    return min(MOST, len(bundle.manifest.golden.ids))


def golden_files(bundle: Bundle, flavour: FlavourEntry) -> dict[str, bytes]:
    """Little-endian float32: ``input-N.f32`` as the contract has it, ``output-N.f32`` of the flavour."""
    inputs, outputs = bundle.golden_inputs(), bundle.flavour_golden(flavour.name)
    files = {}
    for number, border in enumerate(flavour.inputs):
        files[f"input-{number}.f32"] = raw_floats(inputs[border.name][:MOST])
    for number, border in enumerate(flavour.outputs):
        files[f"output-{number}.f32"] = raw_floats(outputs[border.name][:MOST])
    return files
