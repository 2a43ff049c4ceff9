"""The version of a bundle that is about to be written: stated, or counted from the bundle that it follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fieldpack.bundle.manifest import Predecessor
from fieldpack.bundle.read import Bundle
from fieldpack.bundle.whole import open_whole
from fieldpack.bundle.write import BundleWriter
from fieldpack.difference import Change, Step, compare_bundles
from fieldpack.difference.version_step import FIRST_VERSION, derived_version
from fieldpack.errors import SpecError
from fieldpack.spec import Spec


@dataclass(frozen=True, slots=True)
class CountedVersion:
    """How a version came about.

    Attributes
    ----------
    version : str
        MAJOR.MINOR.PATCH of the bundle.
    baseline : str or None
        Version of the bundle that it follows; None where none was given.
    step : Step or None
        What the changes since then ask for.
    reasons : tuple of Change
        The changes of that step.
    predecessor : Predecessor or None
        What the manifest says of the bundle before; where nothing changed, what that one says, so that the
        bytes are its own.
    """

    version: str
    baseline: str | None = None
    step: Step | None = None
    reasons: tuple[Change, ...] = ()
    predecessor: Predecessor | None = None

    def as_dict(self) -> dict[str, object]:
        """Plain data."""
        step = None if self.step is None else self.step.value
        reasons = [change.as_dict() for change in self.reasons]
        return {"version": self.version, "baseline": self.baseline, "step": step, "reasons": reasons}


def open_baseline(path: Path, spec: Spec) -> Bundle:
    """Open the bundle that a build follows, before anything heavy starts.

    Raises
    ------
    SpecError
        The spec states a lower version than that bundle has.
    BundleError
        There is no bundle, or it was altered.
    """
    bundle = open_whole(path, "a version counted from it")
    try:
        derived_version(bundle.manifest.version, Step.NONE, spec.pack.version)
    except SpecError:
        bundle.close()
        raise
    return bundle


def counted_version(
    writer: BundleWriter, fields: Mapping[str, Any], stated: str | None, baseline: Bundle | None
) -> CountedVersion:
    """Compare what is staged with the bundle before it.

    Parameters
    ----------
    writer : BundleWriter
        With every file staged.
    fields : mapping
        As for ``writer.commit``.
    stated : str or None
        What the spec says.
    baseline : Bundle or None
        The bundle before, open.

    Raises
    ------
    SpecError
        The stated version is lower than the changes ask for.
    """
    if baseline is None:
        return CountedVersion(stated or FIRST_VERSION)
    with writer.draft(fields) as draft:
        found = compare_bundles(baseline, draft, costs=False)
    before = baseline.manifest.version
    version = derived_version(before, found.step, stated)
    if version == before:
        return CountedVersion(version, before, found.step, (), baseline.manifest.lineage.baseline)
    reasons = tuple(change for change in found.changes if change.step is found.step)
    own = Predecessor(name=baseline.manifest.name, version=before, digest=baseline.digest)
    return CountedVersion(version, before, found.step, reasons, own)
