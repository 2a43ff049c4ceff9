"""The bill of materials, as CycloneDX 1.6: the model, its parts, its data and the tools that made it.

It is drawn from the manifest alone, so the same bundle gives the same bytes: the serial number comes from
the digest, and there is no date in it (https://cyclonedx.org/docs/1.6/json/).
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from fieldpack.bundle.digest import entries_below
from fieldpack.bundle.manifest import DataLineage, FileEntry, FlavourEntry, Manifest

SCHEMA = "http://cyclonedx.org/schema/bom-1.6.schema.json"
"""The identifier of the schema, as the standard spells it; nothing is fetched."""
SPDX = (
    "Apache-2.0", "MIT", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MPL-2.0", "CC0-1.0", "CC-BY-4.0",
    "CC-BY-SA-4.0", "CC-BY-NC-4.0", "CC-BY-NC-SA-4.0", "CC-BY-ND-4.0", "CC-BY-NC-ND-4.0", "GPL-2.0-only",
    "GPL-2.0-or-later", "GPL-3.0-only", "GPL-3.0-or-later", "AGPL-3.0-only", "AGPL-3.0-or-later",
    "LGPL-3.0-only", "LGPL-3.0-or-later", "EUPL-1.2", "Unlicense",
)  # fmt: skip
"""Identifiers that are said as such; any other licence is said by name."""


def bill_of_materials(manifest: Manifest, digest: str) -> dict[str, Any]:
    """The document as plain data.

    Parameters
    ----------
    manifest : Manifest
        Of the bundle.
    digest : str
        Of the bundle, 64 hexadecimal digits.
    """
    data = [_data_set(name, entry) for name, entry in manifest.lineage.data.items()]
    tools = [_tool(name, version) for name, version in sorted(manifest.lineage.tools.items())]
    return {
        "$schema": SCHEMA,
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'sha256:{digest}')}",
        "version": 1,
        "metadata": {"component": _model(manifest, digest), "tools": {"components": tools}},
        "components": data,
        "dependencies": [
            {"ref": _reference(manifest), "dependsOn": [item["bom-ref"] for item in data]},
        ],
    }


def _model(manifest: Manifest, digest: str) -> dict[str, Any]:
    flavours = [_flavour(manifest, entry) for entry in manifest.flavours]
    inside = {name for entry in manifest.flavours for name in _files_of(entry, manifest.files)}
    rest = {name: entry for name, entry in manifest.files.items() if name not in inside}
    authors = {"authors": [{"name": manifest.author}]} if manifest.author else {}
    return {
        "type": "machine-learning-model",
        "bom-ref": _reference(manifest),
        **authors,
        "name": manifest.name,
        "version": manifest.version,
        "description": manifest.description,
        "licenses": [{"license": {"id" if manifest.license in SPDX else "name": manifest.license}}],
        "properties": _properties({"digest": f"sha256:{digest}"}),
        "pedigree": {"ancestors": [_source(manifest)]},
        "modelCard": _card(manifest),
        "components": [*flavours, *_files(rest)],
    }


def _source(manifest: Manifest) -> dict[str, Any]:
    """The model that was handed over; its digest may be that of a folder's table, so it is no hash."""
    lineage = manifest.lineage
    facts = {
        "digest": f"sha256:{lineage.source_digest}",
        "parameters": lineage.source_parameters,
        "spec": f"sha256:{lineage.spec_digest}",
        "seed": lineage.seed,
    }
    return {
        "type": "machine-learning-model",
        "name": f"source of {manifest.name} ({lineage.source_kind})",
        "properties": _properties(facts),
    }


def _card(manifest: Manifest) -> dict[str, Any]:
    contract = manifest.contract
    return {
        "modelParameters": {
            "inputs": [{"format": f"{item.name}: {item.kind}"} for item in contract.inputs],
            "outputs": [{"format": f"{item.name}: {item.activation.value}"} for item in contract.outputs],
            "datasets": [{"ref": _data_reference(name)} for name in manifest.lineage.data],
        },
        "quantitativeAnalysis": {"performanceMetrics": [_metric(verdict) for verdict in manifest.verdicts]},
    }


def _metric(verdict: Mapping[str, Any]) -> dict[str, Any]:
    """A verdict as the standard takes one: figures are texts there."""
    figure = verdict["figure"]
    told = {
        "type": f"{verdict['name']} ({figure['unit']}, {figure['evidence']}): {verdict['outcome']}",
        "value": _number(figure["value"]),
        "slice": verdict["subject"],
    }
    bounds = {"lowerBound": figure["low"], "upperBound": figure["high"]}
    known = {name: _number(value) for name, value in bounds.items() if value is not None}
    return told | ({"confidenceInterval": known} if known else {})


def _flavour(manifest: Manifest, entry: FlavourEntry) -> dict[str, Any]:
    """A flavour with its files inside; what it needs and how it was compressed are properties."""
    needs = {"tflite_runtime": entry.requires.tflite_runtime, "ios": entry.requires.ios}
    methods = ", ".join(f"{rule.method.value} on {rule.layers}" for rule in entry.compression.recipe)
    return {
        "type": "machine-learning-model",
        "bom-ref": f"{_reference(manifest)}/{entry.name}",
        "name": f"{manifest.name}/{entry.name}",
        "version": manifest.version,
        "properties": _properties({"kind": entry.kind.value, "recipe": methods, **needs}),
        "components": _files(_files_of(entry, manifest.files)),
    }


def _files_of(entry: FlavourEntry, files: Mapping[str, FileEntry]) -> dict[str, FileEntry]:
    if entry.path in files:
        return {entry.path: files[entry.path]}
    return {f"{entry.path}/{name}": found for name, found in entries_below(entry.path, files).items()}


def _files(entries: Mapping[str, FileEntry]) -> list[dict[str, Any]]:
    return [
        {"type": "file", "name": name, "hashes": [{"alg": "SHA-256", "content": entry.sha256}]}
        for name, entry in sorted(entries.items())
    ]


def _data_set(name: str, entry: DataLineage) -> dict[str, Any]:
    facts = {"digest": f"sha256:{entry.digest}", "count": entry.count}
    return {
        "type": "data",
        "bom-ref": _data_reference(name),
        "name": name,
        "description": entry.description,
        "data": [{"type": "dataset", "name": name, "description": entry.description}],
        "properties": _properties(facts),
    }


def _tool(name: str, version: str) -> dict[str, Any]:
    place = f"pkg:pypi/{quote(name.lower().replace('_', '-'), safe='')}@{quote(version, safe='')}"
    return {"type": "library", "name": name, "version": version, "purl": place}


def _properties(facts: Mapping[str, object]) -> list[dict[str, str]]:
    return [
        {"name": f"fieldpack:{name}", "value": str(value)}
        for name, value in facts.items()
        if value is not None
    ]


def _reference(manifest: Manifest) -> str:
    return f"model:{manifest.name}@{manifest.version}"


def _data_reference(name: str) -> str:
    return f"data:{name}"


def _number(value: object) -> str:
    return "not measured" if value is None else str(value)
