"""What the sections of the report are made from: everything of a bundle that they may show."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from fieldpack.bundle.manifest import Manifest
from fieldpack.bundle.read import Bundle
from fieldpack.report.evidence import Evidence, FlavourEvidence, read_evidence
from fieldpack.report.html import clip
from fieldpack.verdict import Verdict

LONGEST_LABEL = 60


@dataclass(frozen=True, slots=True)
class Material:
    """What one report shows.

    Attributes
    ----------
    manifest : Manifest
        What the bundle says about itself.
    digest : str
        SHA-256 of the manifest, hexadecimal.
    evidence : Evidence
        What was measured.
    verdicts : tuple of Verdict
        The budget held against it.
    labels : mapping
        Output name -> labels in the order of its numbers.
    read : callable
        Gives a file of the bundle as checked bytes.
    """

    manifest: Manifest
    digest: str
    evidence: Evidence
    verdicts: tuple[Verdict, ...]
    labels: Mapping[str, tuple[str, ...]]
    read: Callable[[str], bytes]

    def label(self, output: str, index: int) -> str:
        """The label of one number of an output, or its number where there is none."""
        if index < 0:
            return "none"
        labels = self.labels.get(output, ())
        return clip(labels[index], LONGEST_LABEL) if index < len(labels) else f"output {index}"

    def measured(self, flavour: str) -> FlavourEvidence:
        """What was measured of a flavour; empty where nothing was."""
        return self.evidence.flavours.get(flavour) or FlavourEvidence()


def gather(bundle: Bundle, verdicts: Sequence[Verdict]) -> Material:
    """Read what a report shows from an open bundle.

    Raises
    ------
    BundleError
        A file of the bundle is altered or malformed.
    """
    manifest = bundle.manifest
    return Material(
        manifest=manifest,
        digest=bundle.digest,
        evidence=read_evidence(bundle.read(manifest.evidence), manifest.evidence),
        verdicts=tuple(verdicts),
        labels={output.name: bundle.labels(output.name) for output in manifest.contract.outputs},
        read=bundle.read,
    )
