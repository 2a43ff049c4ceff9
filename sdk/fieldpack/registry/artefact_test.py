"""Artefacts are OCI manifests by the published schema, are decided by the bundle, and are not believed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fieldpack.bundle.read import Bundle, open_bundle
from fieldpack.errors import BundleError
from fieldpack.registry.artefact import (
    CONFIG_TYPE,
    TITLE,
    artefact_bytes,
    check_parts,
    contract_digest,
    read_artefact,
)
from fieldpack.testing import tiny_bundle


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return open_bundle(tiny_bundle(tmp_path / "tiny", folder_flavour=True))


@pytest.fixture
def values(bundle: Bundle) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(artefact_bytes(bundle.manifest, bundle.manifest_data))
    return found


def check(values: Any, bundle: Bundle) -> None:
    data = json.dumps(values).encode()
    check_parts(read_artefact(data, "there"), bundle.manifest, "there")


def test_it_is_an_oci_manifest_by_the_schema_of_oras(values: dict[str, Any]) -> None:
    import oras.schemas
    from jsonschema import validate  # type: ignore[import-untyped]

    validate(values, oras.schemas.manifest)


def test_the_config_is_the_bundle_itself(bundle: Bundle, values: dict[str, Any]) -> None:
    assert values["config"] == {
        "mediaType": CONFIG_TYPE,
        "digest": f"sha256:{bundle.digest}",
        "size": len(bundle.manifest_data),
    }
    said = values["annotations"]
    assert said["fieldpack.bundle.digest"] == f"sha256:{bundle.digest}"
    assert said["fieldpack.bundle.contract"] == f"sha256:{contract_digest(bundle.manifest)}"
    assert (said[TITLE], said["org.opencontainers.image.version"]) == ("tiny", "1.0.0")


def test_every_file_is_a_layer_and_the_bytes_are_always_the_same(
    bundle: Bundle, values: dict[str, Any], tmp_path: Path
) -> None:
    names = [layer["annotations"][TITLE] for layer in values["layers"]]
    assert names == sorted(bundle.manifest.files)
    again = open_bundle(tiny_bundle(tmp_path / "again.fieldpack", folder_flavour=True))
    assert json.loads(artefact_bytes(again.manifest, again.manifest_data)) == values
    check(values, bundle)


def test_the_contract_digest_is_of_the_contract_alone(bundle: Bundle) -> None:
    other = bundle.manifest.model_copy(update={"version": "2.0.0", "description": "x"})
    assert contract_digest(other) == contract_digest(bundle.manifest)
    first = bundle.manifest.contract.inputs[0].model_copy(update={"name": "other"})
    changed = bundle.manifest.contract.model_copy(update={"inputs": (first,)})
    assert contract_digest(other.model_copy(update={"contract": changed})) != contract_digest(other)


def test_fields_of_others_are_no_fault(bundle: Bundle, values: dict[str, Any]) -> None:
    values |= {"subject": {"digest": "x"}, "annotations": {"org.example": "y"}}
    values["layers"][0] |= {"urls": [], "platform": {}}
    check(values, bundle)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"[" * 100_000,
        b'{"config": 3}',
        b'{"mediaType": "application/vnd.oci.image.index.v1+json", "manifests": []}',
        b'{"config": {"mediaType": "application/vnd.oci.image.config.v1+json"}, "layers": []}',
        b'{"config": {"mediaType": "application/vnd.fieldpack.bundle.manifest.v1+json"}, "layers": []}',
    ],
)
def test_what_is_no_bundle_is_refused(data: bytes) -> None:
    with pytest.raises(BundleError):
        read_artefact(data, "there")


def test_layers_that_are_not_the_files_are_refused(bundle: Bundle, values: dict[str, Any]) -> None:
    layers = values["layers"]
    extra = {**layers[0], "annotations": {TITLE: "extra.txt"}}
    swapped = [{**layers[0], "digest": layers[1]["digest"]}, *layers[1:]]
    smaller = [{**layers[0], "size": layers[0]["size"] - 1}, *layers[1:]]
    nameless = [{**layers[0], "annotations": {}}, *layers[1:]]
    for wrong in (layers[1:], [*layers, extra], [*layers, layers[0]], swapped, smaller, nameless, []):
        with pytest.raises(BundleError, match="not the files"):
            check(values | {"layers": wrong}, bundle)


def test_a_digest_of_another_form_is_refused(bundle: Bundle, values: dict[str, Any]) -> None:
    values["layers"][0]["digest"] = "sha256:../../etc/passwd"
    with pytest.raises(BundleError, match=r"layers\[0\]\.digest"):
        check(values, bundle)


def test_too_many_files_are_refused(bundle: Bundle) -> None:
    entry = next(iter(bundle.manifest.files.values()))
    many = bundle.manifest.model_copy(update={"files": {f"file-{n}-{'x' * 190}": entry for n in range(9999)}})
    with pytest.raises(BundleError, match="too many files"):
        artefact_bytes(many, bundle.manifest_data)
