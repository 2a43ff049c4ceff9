"""The facts of one bundle and flavour as neutral values, for sources in any language."""

from __future__ import annotations

from dataclasses import dataclass

from fieldpack.bundle.manifest import FlavourEntry, Manifest
from fieldpack.exports.app_files import AppFiles, FrontEnd, Words
from fieldpack.exports.literals import Call, Case
from fieldpack.exports.rules import border_rule, input_rule, output_rule, pooling_rule


@dataclass(frozen=True)
class BundleFacts:
    """One entry an input or output, in the order of the contract; what is not there is None."""

    input_rules: tuple[Call, ...]
    input_borders: tuple[Call, ...]
    output_borders: tuple[Call, ...]
    output_rules: tuple[Call, ...]
    front_ends: tuple[Call | None, ...]
    words: tuple[Call, ...]
    pooling: Case
    tolerances: tuple[float, ...]
    digests: tuple[str, ...]
    """Of the flavours whose tensors are the same, so that any of them can be loaded."""


def bundle_facts(manifest: Manifest, flavour: FlavourEntry, app: AppFiles) -> BundleFacts:
    """The facts that sources state of a bundle."""
    fronts = [None if item is None else item.entry for item in app.front_ends]
    pairs = zip(manifest.contract.inputs, fronts, strict=True)
    return BundleFacts(
        input_rules=tuple(input_rule(*pair) for pair in pairs),
        input_borders=tuple(border_rule(item, app.inputs) for item in flavour.inputs),
        output_borders=tuple(border_rule(item, app.outputs) for item in flavour.outputs),
        output_rules=tuple(output_rule(item) for item in manifest.contract.outputs),
        front_ends=tuple(_front_end(item) for item in app.front_ends),
        words=tuple(_words(item) for item in app.words),
        pooling=pooling_rule(manifest),
        digests=tuple(item.digest for item in manifest.flavours if _same_tensors(item, flavour)),
        tolerances=tuple(float(flavour.golden.tolerance[item.name]) for item in flavour.outputs),
    )


def _same_tensors(one: FlavourEntry, other: FlavourEntry) -> bool:
    same = one.inputs == other.inputs and one.outputs == other.outputs
    return one.kind is other.kind and same


def _front_end(front_end: FrontEnd | None) -> Call | None:
    if front_end is None:
        return None
    entry = front_end.entry
    return Call(
        "FrontEnd",
        {
            "path": front_end.path,
            "input": border_rule(entry.inputs[0], front_end.inputs),
            "output": border_rule(entry.outputs[0], front_end.outputs),
        },
    )


def _words(words: Words) -> Call:
    fields = {"labels": words.labels, "thresholds": words.thresholds, "taxonomy": words.taxonomy}
    return Call("WordFiles", fields)
