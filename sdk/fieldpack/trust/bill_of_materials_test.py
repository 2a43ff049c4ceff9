"""The bill is valid CycloneDX, names every file and tool, and is the same for the same bundle."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fieldpack.bundle.manifest import Manifest
from fieldpack.bundle.read import open_bundle
from fieldpack.schemas import bill_faults
from fieldpack.trust.bill_of_materials import SPDX, bill_of_materials
from fieldpack.trust.placement import bill_path, signature_path


@pytest.fixture
def manifest(signed_once: Path) -> Manifest:
    with open_bundle(signed_once) as bundle:
        return bundle.manifest


def parts(value: Any) -> Iterator[dict[str, Any]]:
    for item in value.get("components", ()):
        yield item
        yield from parts(item)


def test_what_lies_beside_a_signed_bundle_is_valid(signed_once: Path) -> None:
    assert bill_faults(bill_path(signature_path(signed_once)).read_text()) == []


def test_a_fault_is_found(manifest: Manifest) -> None:
    bill = bill_of_materials(manifest, "0" * 64)
    assert bill_faults(json.dumps(bill | {"serialNumber": "1"}))
    assert bill_faults(json.dumps(bill | {"more": 1}))
    bill["metadata"]["component"]["type"] = "model"
    assert bill_faults(json.dumps(bill))


def test_every_file_tool_and_data_set_is_named(manifest: Manifest) -> None:
    bill = bill_of_materials(manifest, "0" * 64)
    model = bill["metadata"]["component"]
    named = [item for item in parts(model) if item["type"] == "file"]
    files = {item["name"]: item["hashes"][0]["content"] for item in named}
    assert len(files) == len(named)
    assert files == {name: entry.sha256 for name, entry in manifest.files.items()}
    tools = {item["name"]: item["version"] for item in bill["metadata"]["tools"]["components"]}
    assert tools == manifest.lineage.tools
    assert {item["name"] for item in bill["components"]} == set(manifest.lineage.data)
    inside = {item["name"] for item in parts(model) if item["type"] == "machine-learning-model"}
    assert inside == {f"tiny/{flavour.name}" for flavour in manifest.flavours}


def test_the_same_bundle_has_the_same_bill(manifest: Manifest) -> None:
    assert bill_of_materials(manifest, "0" * 64) == bill_of_materials(manifest, "0" * 64)
    other = bill_of_materials(manifest, "1" * 64)
    assert other["serialNumber"] != bill_of_materials(manifest, "0" * 64)["serialNumber"]


def test_a_version_with_a_plus_is_one_address(manifest: Manifest) -> None:
    lineage = manifest.lineage.model_copy(update={"tools": {"torch_pruning": "2.13.0+cpu"}})
    bill = bill_of_materials(manifest.model_copy(update={"lineage": lineage}), "0" * 64)
    (tool,) = bill["metadata"]["tools"]["components"]
    assert tool["purl"] == "pkg:pypi/torch-pruning@2.13.0%2Bcpu"
    assert bill_faults(json.dumps(bill)) == []


@pytest.mark.parametrize("known", [*SPDX, "see the website"])
def test_a_licence_is_an_identifier_only_when_it_is_one(known: str, manifest: Manifest) -> None:
    bill = bill_of_materials(manifest.model_copy(update={"license": known}), "0" * 64)
    (said,) = bill["metadata"]["component"]["licenses"]
    assert said == {"license": {"id" if known in SPDX else "name": known}}
    assert bill_faults(json.dumps(bill)) == []


def test_the_author_is_named_where_there_is_one(manifest: Manifest) -> None:
    assert "authors" not in bill_of_materials(manifest, "0" * 64)["metadata"]["component"]
    bill = bill_of_materials(manifest.model_copy(update={"author": "A. Wren"}), "0" * 64)
    assert bill["metadata"]["component"]["authors"] == [{"name": "A. Wren"}]
    assert bill_faults(json.dumps(bill)) == []
