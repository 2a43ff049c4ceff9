"""The reference model of waveforms through coremltools: its island is whole, and a gap in it is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fieldpack.build.borders import find_borders
from fieldpack.build.conversion import source_words
from fieldpack.build.fused_front_end import FusedFrontEnd, fused_front_ends
from fieldpack.bundle.manifest import FlavourKind
from fieldpack.spec import CoremlFlavour, Spec, load_spec
from fieldpack_converters import testing, to_coreml

pytestmark = pytest.mark.full

PACK = Path(__file__).parents[1] / "reference_models/fieldpack_reference_models/sound_torch/pack.toml"


def flavour(spec: Spec, name: str, folder: Path, layers: str, weights: str | None = None) -> dict[str, Any]:
    """A package in the words of the worker."""
    return {
        "name": name,
        "path": str(folder / f"{name}.mlpackage"),
        "precision": "float16",
        "weights": weights
        and {"method": weights, "block_size": None, "palette_bits": None, "group_size": None},
        "minimum_ios": "16",
        "fold_scaling": None,
        "input_names": [item.name for item in spec.contract.inputs],
        "output_names": [item.name for item in spec.contract.outputs],
        "float32_operators": [layers] if layers else [],
    }


@pytest.fixture(scope="module", name="found")
def _found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, FusedFrontEnd]:
    """By package: in fewer bits as the pack asks for it, with a gap in the island, and without an island."""
    spec, folder = load_spec(PACK), tmp_path_factory.mktemp("packages")
    packed = next(item for item in spec.flavours if isinstance(item, CoremlFlavour))
    layers = packed.float32_layers or ""
    assert "|^value" in layers
    orders = [
        flavour(spec, "packed", folder, layers, "weight_int8"),
        flavour(spec, "gap", folder, layers.replace("|^value", "")),
        flavour(spec, "halves", folder, ""),
    ]
    with testing.one_process() as pool:
        pool.submit(to_coreml.export, source_words(spec), orders).result(300)
    found = {}
    for order in orders:
        path = Path(order["path"])
        inputs, outputs = find_borders(FlavourKind.COREML, path, spec.contract, folded=False)
        assert [border.name for border in outputs] == ["scores", "embedding"]
        found[order["name"]] = fused_front_ends(spec.contract, FlavourKind.COREML, path, inputs)["sound"]
    return found


def test_the_island_of_the_pack_is_whole(found: dict[str, FusedFrontEnd]) -> None:
    assert found["packed"].operators > 30
    assert found["packed"].coarse == ()


def test_a_gap_in_the_island_is_named(found: dict[str, FusedFrontEnd]) -> None:
    first, *others = found["gap"].coarse
    assert (first.operator, first.coarse) == ("cast", "computes in float16")
    computing = [node.operator for node in others if node.operator not in ("cast", "reshape")]
    assert computing == ["linear"]  # the mel filters


def test_without_an_island_all_is_coarse(found: dict[str, FusedFrontEnd]) -> None:
    halves = found["halves"]
    assert len(halves.coarse) == halves.operators > 30
