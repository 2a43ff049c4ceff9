"""The bundle that phones have now: opened, checked, and what a budget needs of it.

A build compares answers with it (:mod:`fieldpack.build.references`); a gate that is given another budget
has only its sizes, and the comparison where the bundle was built beside that very one.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fieldpack.budget import OF_SHIPPED, Budget, Shipped
from fieldpack.bundle.manifest import FlavourEntry
from fieldpack.bundle.read import Bundle, open_bundle
from fieldpack.bundle.verify import check_structure
from fieldpack.errors import BundleError, SpecError, StorageError
from fieldpack.relative import REFERENCES
from fieldpack.share import SHIPPED, Share


def open_shipped(shipped: Shipped, labels: Mapping[str, tuple[str, ...]]) -> Bundle:
    """Open the shipped bundle, if it is whole and knows the same classes.

    Parameters
    ----------
    shipped : Shipped
        With an absolute path.
    labels : mapping
        Output -> labels of the bundle that is to follow it.

    Raises
    ------
    SpecError
        It is not there, was altered, is another one than the budget says, or has other classes.
    """
    path = Path(shipped.bundle)
    try:
        findings = check_structure(path)
        if findings:
            first = findings[0]
            raise SpecError(
                "the shipped bundle was altered",
                came=f"{first.code} {first.path}: {first.message}",
                hint=f"fieldpack verify {path}",
            )
        bundle = open_bundle(path)
    except (BundleError, StorageError) as error:
        raise SpecError(
            "the shipped bundle cannot be opened",
            came=f"{path}: {error.what}",
            hint="see the table `shipped` of the budget",
        ) from error
    try:
        _check_identity(shipped, bundle)
        for output, own in labels.items():
            _check_classes(output, own, bundle)
    except SpecError:
        bundle.close()
        raise
    return bundle


def _check_identity(shipped: Shipped, bundle: Bundle) -> None:
    if shipped.digest is not None and shipped.digest != bundle.digest:
        raise SpecError(
            "this is not the shipped bundle that the budget means",
            came=f"{bundle.manifest.name} {bundle.manifest.version} with digest {bundle.digest}",
            allowed=shipped.digest,
        )


def _check_classes(output: str, own: tuple[str, ...], bundle: Bundle) -> None:
    names = [item.name for item in bundle.manifest.contract.outputs]
    if output not in names:
        raise SpecError(f"the shipped bundle has no output {output}", came=", ".join(names), allowed=output)
    other = bundle.labels(output)
    if other == own:
        return
    place = next((i for i, (a, b) in enumerate(zip(own, other, strict=False)) if a != b), None)
    where = "" if place is None else f"; number {place} is {other[place]!r} there and {own[place]!r} here"
    raise SpecError(
        f"the shipped bundle has other classes in output {output}",
        came=f"{len(other)} classes there, {len(own)} here{where}",
        allowed="the same labels in the same order",
    )


def followed(shipped: Shipped, bundle: Bundle, name: str, kind: str) -> FlavourEntry:
    """The shipped flavour that a flavour follows.

    Raises
    ------
    SpecError
        There is none of that name, or it is of another kind.
    """
    wanted = shipped.flavours.get(name, name)
    found = bundle.manifest.flavour(wanted)
    if found is None:
        raise SpecError(
            f"the shipped bundle has no flavour for {name}",
            came=wanted,
            allowed=", ".join(item.name for item in bundle.manifest.flavours),
            hint=f'say which it follows: [budget.shipped] flavours = {{ "{name}" = "NAME" }}',
        )
    if found.kind.value != kind:
        raise SpecError(
            f"{name} follows a shipped flavour of another kind",
            came=f"{wanted} is {found.kind.value}",
            allowed=kind,
        )
    return found


def check_shipped(
    budget: Budget, labels: Mapping[str, tuple[str, ...]], flavours: Mapping[str, str]
) -> str | None:
    """Refuse a shipped bundle that the flavours cannot follow, before anything heavy starts.

    Parameters
    ----------
    flavours : mapping
        Name -> kind.

    Returns
    -------
    str or None
        Its digest; None where no limit needs one.
    """
    needs = needing(budget, flavours)
    if budget.shipped is None or not needs:
        return None
    with open_shipped(budget.shipped, labels) as bundle:
        shipped_record(budget.shipped, bundle, needs)
        return bundle.digest


def needing(budget: Budget, flavours: Mapping[str, str]) -> dict[str, str]:
    """Those flavours, name -> kind, that some limit compares with the shipped bundle."""
    return {
        name: kind
        for name, kind in flavours.items()
        if any(
            limit in OF_SHIPPED or (isinstance(value, Share) and value.of == SHIPPED)
            for limit, value in budget.limits_of(name).items()
        )
    }


def shipped_record(shipped: Shipped, bundle: Bundle, flavours: Mapping[str, str]) -> dict[str, Any]:
    """What the evidence keeps of a shipped bundle.

    Parameters
    ----------
    flavours : mapping
        Name -> kind of each flavour that is compared.

    Returns
    -------
    dict
        ``name``, ``version``, ``digest``, and ``flavours``: flavour -> name and sizes of the shipped one.
    """
    matched = {name: followed(shipped, bundle, name, kind) for name, kind in flavours.items()}
    return {
        "name": bundle.manifest.name,
        "version": bundle.manifest.version,
        "digest": bundle.digest,
        "flavours": {
            name: {
                "name": entry.name,
                "installed_bytes": entry.installed_bytes,
                "download_bytes": entry.download_bytes,
            }
            for name, entry in matched.items()
        },
    }


def beside_shipped(budget: Budget, bundle: Bundle, evidence: Mapping[str, Any]) -> dict[str, Any]:
    """The evidence of a bundle, with what a budget from elsewhere needs of its shipped bundle.

    Flips and accuracy need the examples, which no bundle carries: they stay as they were measured if the
    bundle was built beside the same shipped one, and are taken out otherwise, so that their limits are
    ``not_run``.

    Raises
    ------
    SpecError
        As :func:`open_shipped` and :func:`followed`, or ``flavours`` names one that is not there.
    """
    if budget.shipped is None:
        return dict(evidence)
    manifest = bundle.manifest
    budget.check_followers([item.name for item in manifest.flavours])
    labels = {item.name: bundle.labels(item.name) for item in manifest.contract.outputs if item.labels}
    with open_shipped(budget.shipped, labels) as other:
        kinds = {item.name: item.kind.value for item in manifest.flavours}
        record = shipped_record(budget.shipped, other, needing(budget, kinds))
    before = (evidence.get(REFERENCES) or {}).get(SHIPPED) or {}
    flavours = dict(evidence.get("flavours") or {})
    for name, found in flavours.items():
        then = (before.get("flavours") or {}).get(name) or {}
        now = record["flavours"].get(name, {})
        if before.get("digest") == record["digest"] and then.get("name") == now.get("name"):
            now |= {key: then[key] for key in ("costs",) if key in then}
        else:
            flavours[name] = {key: value for key, value in found.items() if key != "shipped"}
    references = {**(evidence.get(REFERENCES) or {}), SHIPPED: record}
    return {**evidence, "flavours": flavours, REFERENCES: references}
