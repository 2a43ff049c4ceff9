"""The model card of a bundle: what it answers, how that was measured, what it does not know.

Sections after Mitchell et al., "Model Cards for Model Reporting" (2019), under the metadata of
:mod:`fieldpack.words.card_metadata`. It is drafted from the bundle alone, so it says nothing of training
data, intended use and ethics; people add what only they know.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fieldpack.words.card_figures import figure_words, verdict_words
from fieldpack.words.card_limits import limit_words
from fieldpack.words.card_metadata import metadata
from fieldpack.words.contract_words import input_words, interval_words, label_words, output_words
from fieldpack.words.record import Record
from fieldpack.words.said import Said, bullets, joined, say, table
from fieldpack.words.stated import Stated, amount, code, digest, number, plain, size

FLAVOURS = ("flavour", "runs on", "on the phone", "download")


def model_card(record: Record) -> Said:
    """The whole file, ``README.md`` of a model's repository."""
    manifest = record.manifest
    head = say(
        "# {} {}\n\n**In one sentence:** {}\n\n{}",
        plain(manifest["name"]),
        plain(manifest["version"]),
        plain(manifest["description"]),
        _provenance(record),
    )
    parts = [
        _section("What it answers", _answers(record)),
        _section("What goes in", [bullets(input_words(record))]),
        _section("How it was measured", figure_words(record)),
        _section("Limits and verdicts", verdict_words(record)),
        _section("Flavours and sizes", [_flavours(record)]),
        _section("How to load it", _loading()),
        _section("What it does not know", [bullets(limit_words(record))]),
        _section("Where it comes from", [bullets(_lineage(record))]),
    ]
    return say("{}\n", joined([metadata(record), head, *parts], "\n\n"))


def _provenance(record: Record) -> Said:
    return say(
        "Every number below stands in the bundle {}, in its manifest or in the evidence that the manifest "
        "lists with its SHA-256. Sizes and shares are rounded.",
        digest(record.digest),
    )


def _section(title: str, parts: Iterable[Said]) -> Said:
    return joined([say(f"## {title}"), *parts], "\n\n")


def _answers(record: Record) -> Iterator[Said]:
    yield bullets([*output_words(record), *interval_words(record)])
    for output in record.manifest["contract"]["outputs"]:
        if record.labels[output["name"].value]:
            yield say("Labels of {}: {}.", code(output["name"]), label_words(record, output["name"].value))


def _flavours(record: Record) -> Said:
    rows = [
        (code(item["name"]), needs(item), size(item["installed_bytes"]), size(item["download_bytes"]))
        for item in record.manifest["flavours"]
    ]
    note = say("The download is estimated: what deflate leaves of the file.")
    return joined([table(FLAVOURS, rows, FLAVOURS[2:]), note], "\n\n")


def needs(flavour: Stated) -> Said:
    """The oldest software that runs a flavour."""
    if flavour["kind"].value == "coreml":
        ios = flavour.get("requires", "ios")
        return say("Core ML, oldest iOS not known") if ios is None else say("Core ML, iOS {}", plain(ios))
    runtime = flavour.get("requires", "tflite_runtime")
    if runtime is None:
        return say("TFLite, oldest runtime not known")
    return say("TFLite runtime {}", plain(runtime))


def _loading() -> Iterator[Said]:
    yield say(
        "Check the copy first, then ask it, or export it for an app, a page or a store:\n\n"
        "```sh\nfieldpack verify BUNDLE\nfieldpack predict BUNDLE FILE\n"
        "fieldpack export BUNDLE --for android --out FOLDER\n```"
    )
    yield say(
        "The golden vectors in the bundle, real inputs with the answers that each flavour gave to them, tell "
        "whether a phone answers as it should."
    )


def _lineage(record: Record) -> Iterator[Said]:
    lineage = record.manifest["lineage"]
    parameters = amount(lineage["source_parameters"], "parameter")
    kind = lineage["source_kind"].written(str(lineage["source_kind"].value).replace("_", " "))
    yield say("Source model: {}, {}, {}", kind, parameters, digest(lineage["source_digest"]))
    yield say("Spec: {}, seed {}", digest(lineage["spec_digest"]), number(lineage["seed"]))
    author = record.manifest.get("author")
    if author is not None and author.value:
        yield say("Made by {}", plain(author))
    yield say("Licence of the weights: {}", plain(record.manifest["license"]))
    tools = (say("{} {}", lineage["tools"].key(name), plain(item)) for name, item in lineage["tools"].items())
    yield say("Tools: {}", joined(tools, ", "))
