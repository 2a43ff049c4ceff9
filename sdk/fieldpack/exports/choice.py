"""Which flavour of a bundle an export takes: the named one, or the smallest that the runtime can run."""

from __future__ import annotations

from collections.abc import Sequence

from fieldpack.bundle.manifest import FlavourEntry, FlavourKind, Manifest
from fieldpack.errors import InputError, UnsupportedError
from fieldpack.phone_projects import facts
from fieldpack.phone_projects.runtimes import check_fits

BUILD = {
    FlavourKind.TFLITE: '[[flavours]] with kind = "tflite"',
    FlavourKind.COREML: '[[flavours]] with kind = "coreml"',
}
"""What pack.toml needs for a flavour of each kind."""


def chosen_flavour(
    manifest: Manifest,
    kind: FlavourKind,
    names: Sequence[str],
    consumer: str,
    newest: str = facts.LITERT_RUNS,
) -> FlavourEntry:
    """The flavour of a kind that an export takes.

    Parameters
    ----------
    manifest : Manifest
        Of the bundle.
    kind : FlavourKind
        What the consumer runs.
    names : sequence of str
        Flavours that were asked for. Without any it is the smallest that fits, of those on which no limit of
        the budget failed, where there are such.
    consumer : str
        For the message.
    newest : str
        TFLite runtime that the consumer has.

    Raises
    ------
    InputError
        There is no such flavour, two were named, or one is of another kind.
    UnsupportedError
        None fits the runtime that the consumer has.
    """
    _check_names(manifest, names)
    ours = [item for item in manifest.flavours if item.kind is kind]
    if not ours:
        there = ", ".join(f"{item.name} ({item.kind.value})" for item in manifest.flavours)
        raise InputError(
            f"--for {consumer} needs a flavour of kind {kind.value}, and the bundle has none",
            came=there,
            hint=f"add {BUILD[kind]} to pack.toml and build again",
        )
    named = [item for item in ours if item.name in names]
    if others := [name for name in names if name not in {item.name for item in named}]:
        raise InputError(
            f"--for {consumer} takes a flavour of kind {kind.value}",
            came=", ".join(others),
            allowed=", ".join(item.name for item in ours),
        )
    if len(named) > 1:
        raise InputError(f"--for {consumer} takes one flavour of kind {kind.value}", came=", ".join(names))
    if named:
        check_fits(named[0], newest)
        return named[0]
    return _smallest(manifest, ours, consumer, newest)


def failed_limits(manifest: Manifest, flavour: str) -> list[str]:
    """Names of the limits that failed on a flavour."""
    verdicts = [item for item in manifest.verdicts if item.get("subject") == flavour]
    return [str(item["name"]) for item in verdicts if item.get("outcome") == "fail"]


def _check_names(manifest: Manifest, names: Sequence[str]) -> None:
    unknown = [name for name in names if manifest.flavour(name) is None]
    if unknown:
        allowed = ", ".join(item.name for item in manifest.flavours)
        raise InputError("the bundle has no flavour of this name", came=", ".join(unknown), allowed=allowed)


def _smallest(
    manifest: Manifest, flavours: Sequence[FlavourEntry], consumer: str, newest: str
) -> FlavourEntry:
    fitting, reasons = [], []
    for item in flavours:
        try:
            check_fits(item, newest)
        except UnsupportedError as error:
            reasons.append(str(error))
        else:
            fitting.append(item)
    if not fitting:
        raise UnsupportedError(f"no flavour fits --for {consumer}", came="; ".join(reasons))
    return min(fitting, key=lambda item: (bool(failed_limits(manifest, item.name)), item.download_bytes))
