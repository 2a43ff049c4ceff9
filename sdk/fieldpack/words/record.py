"""One bundle as stated values: its manifest, the evidence that the manifest lists, labels and trees."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from fieldpack.bundle.manifest import Manifest
from fieldpack.bundle.paths import DIGEST_NAME, MANIFEST_NAME
from fieldpack.bundle.read import Bundle
from fieldpack.report.evidence import Evidence, read_evidence
from fieldpack.taxonomy import Taxon, Taxonomy, parse_taxonomy
from fieldpack.verdict import Verdict
from fieldpack.words.said import Source
from fieldpack.words.stated import Stated


@dataclass(frozen=True, slots=True)
class Subject:
    """An output or a quantity, its unit, and what was measured of it: flavour -> comparison."""

    name: Stated
    unit: Stated | None
    measured: Mapping[str, Stated]


@dataclass(frozen=True)
class Record:
    """What texts are written from.

    Attributes
    ----------
    manifest, evidence, digest : Stated
        ``manifest.json``; the figures, a file that it lists with its SHA-256; ``DIGEST``.
    typed, measured : Manifest, Evidence
        The same, to decide by.
    labels : mapping
        Output -> its labels, in the order of its numbers.
    trees : mapping
        Output -> taxonomy of its labels, which are its leaves, where it has one.
    """

    manifest: Stated
    evidence: Stated
    digest: Stated
    typed: Manifest
    measured: Evidence
    labels: Mapping[str, tuple[Stated, ...]]
    trees: Mapping[str, Taxonomy]

    def flavour(self, name: str) -> Stated | None:
        """A flavour's entry of the manifest."""
        return next((item for item in self.manifest["flavours"] if item["name"].value == name), None)

    def taxon(self, output: str, taxon: Taxon, text: str) -> Stated:
        """A name of a taxon, at its row of the taxonomy; the header is row 1 (RFC 7111)."""
        file, rows = self._rows[output]
        return Stated(text, Source(self.digest.value, file, f"row={rows[taxon.id]}"))

    @cached_property
    def _rows(self) -> dict[str, tuple[str, dict[str, int]]]:
        """Output -> file of its taxonomy, and the row of each taxon."""
        files = {item.name: item.taxonomy or "" for item in self.typed.contract.outputs}
        return {
            output: (files[output], {taxon.id: row for row, taxon in enumerate(tree.taxa, 2)})
            for output, tree in self.trees.items()
        }

    def comparison(self, flavour: str, output: str) -> Stated | None:
        """What was measured of an output in the arithmetic that came out worse; None where nothing was."""
        measured = self.measured.flavours.get(flavour)
        worse = None if measured is None else measured.worse(output)
        return None if worse is None else self.evidence["flavours"][flavour]["runs"][worse[0]][output]

    def subjects(self) -> list[Subject]:
        """What figures are told of: outputs, and instead of those that estimate a quantity, the quantity.

        Where the true values of a quantity were not known, its outputs' distance from the source is told.
        """
        names, found = [item.name for item in self.typed.flavours], []
        for output in self.manifest["contract"]["outputs"]:
            quantity = output.get("estimate", "quantity")
            known = None if quantity is None else self._estimates(names, quantity.value)
            if quantity is not None and known:
                found.append(Subject(quantity, output.get("unit"), known))
            else:
                measured = {name: self.comparison(name, output["name"].value) for name in names}
                told = {name: item for name, item in measured.items() if item is not None}
                found.append(Subject(output["name"], output.get("unit"), told))
        return list({item.name.value: item for item in reversed(found)}.values())[::-1]

    def _estimates(self, flavours: list[str], quantity: str) -> dict[str, Stated]:
        found = {name: self._estimate(name, quantity) for name in flavours}
        return {name: item for name, item in found.items() if item is not None}

    def _estimate(self, flavour: str, quantity: str) -> Stated | None:
        """The run with the larger error."""
        runs = self.evidence.get("flavours", flavour, "estimates")
        found = [] if runs is None else [run[quantity] for run in runs if quantity in run.value]
        return max(found, key=_error, default=None)


def _error(comparison: Stated) -> float:
    figures = comparison.get("figures") or ()
    values = [item["value"].value for item in figures if item["name"].value == "flavour_rmse"]
    return next((value for value in values if isinstance(value, int | float)), 0.0)


def read_record(bundle: Bundle) -> Record:
    """Read what texts need of an open bundle.

    Raises
    ------
    BundleError
        A file of the bundle is altered or malformed, or a verdict is.
    ContractError
        Labels do not fit their taxonomy.
    """
    manifest, outputs = bundle.manifest, bundle.manifest.contract.outputs
    data = bundle.read(manifest.evidence)
    for verdict in manifest.verdicts:
        Verdict.from_dict(verdict)

    def place(file: str, pointer: str = "") -> Source:
        return Source(bundle.digest, file, pointer)

    return Record(
        manifest=Stated(json.loads(bundle.manifest_data), place(MANIFEST_NAME)),
        evidence=Stated(json.loads(data), place(manifest.evidence)),
        digest=Stated(bundle.digest, place(DIGEST_NAME, "line=1")),
        typed=manifest,
        measured=read_evidence(data, manifest.evidence),
        labels={
            output.name: tuple(
                Stated(label, place(output.labels or "", f"line={number}"))
                for number, label in enumerate(bundle.labels(output.name), 1)
            )
            for output in outputs
        },
        trees={
            output.name: parse_taxonomy(bundle.read(output.taxonomy), output.taxonomy).labelled(
                bundle.labels(output.name)
            )
            for output in outputs
            if output.taxonomy
        },
    )
