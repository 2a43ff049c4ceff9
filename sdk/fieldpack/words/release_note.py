"""The note that tells a community of a new version, in plain words, drafted from what differs.

People who name what they see with an app read it: which kinds are new, what got better and worse, what an
update costs and what old phones must have. All else is for those who build apps: ``fieldpack diff``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from fieldpack.bundle.manifest import FlavourEntry
from fieldpack.difference import RULES, BundleDifference, Step
from fieldpack.errors import InputError
from fieldpack.words.covered import Versions, covered_words
from fieldpack.words.phones import SYSTEMS, phone_words, room_words, told_flavours
from fieldpack.words.progress import Pair, progress_words
from fieldpack.words.record import Record
from fieldpack.words.said import Said, bullets, joined, say
from fieldpack.words.stated import code, digest, plain


def release_note(old: Record, new: Record, found: BundleDifference, flavours: Sequence[str] = ()) -> Said:
    """The whole note.

    Parameters
    ----------
    old, new : Record
        The version that people have, and the one that follows it.
    found : BundleDifference
        Between the two.
    flavours : sequence of str
        Which flavours of the new bundle are told of; left out, one for each system.

    Raises
    ------
    InputError
        Both bundles are the same, or the new one has no flavour of a name.
    """
    if found.old.digest == found.new.digest:
        raise InputError(
            "both bundles are the same; there is nothing to tell",
            came=f"sha256:{found.new.digest}",
            hint="name the bundle that people have first, and the one that follows it second",
        )
    told = told_flavours(new.typed, flavours)
    parts = [
        _head(old, new),
        *_section("Which kinds it knows", _covered(old, new, found)),
        *_section("What got better, and what got worse", _progress(old, new, found, told)),
        *_section("What the update takes", room_words(old, new, told)),
        *_section("On old phones", phone_words(old, new, told)),
        *_section("For those who build apps", _apps(found)),
        say("---"),
        _provenance(old, new),
    ]
    return say("{}\n", joined(parts, "\n\n"))


def _head(old: Record, new: Record) -> Said:
    title = say("# What is new in {} {}", plain(new.manifest["name"]), plain(new.manifest["version"]))
    follows = say("It follows version {}.", plain(old.manifest["version"]))
    if old.typed.name != new.typed.name:
        follows = say(
            "It is another model than {} {}.", plain(old.manifest["name"]), plain(old.manifest["version"])
        )
    return say("{}\n\n**In one sentence:** {}\n\n{}", title, plain(new.manifest["description"]), follows)


def _section(title: str, paragraphs: Iterable[Said]) -> list[Said]:
    """Nothing where there is nothing to tell."""
    told = list(paragraphs)
    return [joined([say(f"## {title}"), *told], "\n\n")] if told else []


def _covered(old: Record, new: Record, found: BundleDifference) -> Iterator[Said]:
    for labels in found.labels:
        if len(found.labels) > 1:
            yield say("Of {}:", _output(new, labels.output))
        yield from covered_words(Versions(old, new, labels))


def _output(record: Record, name: str) -> Said:
    outputs = record.manifest["contract"]["outputs"]
    return code(next(item["name"] for item in outputs if item["name"].value == name))


def _progress(
    old: Record, new: Record, found: BundleDifference, told: Sequence[FlavourEntry]
) -> Iterator[Said]:
    labels = {item.output: item for item in found.labels}
    for entry in told:
        stated = new.flavour(entry.name)
        if stated is not None:
            yield say(f"**{SYSTEMS[entry.kind]}** ({{}})", code(stated["name"]))
            yield from progress_words(Pair(old, new, entry.name, labels))
    yield say(
        "Tested on examples with known answers, on computers and not by people in the field. A change is "
        "clear where the intervals of both versions do not meet; smaller changes can hide behind chance."
    )


def _apps(found: BundleDifference) -> Iterator[Said]:
    """The kinds of changes that an app must follow; which ones they are is for the difference."""
    rules = dict.fromkeys(change.rule for change in found.changes if change.step is Step.MAJOR)
    if not rules:
        yield say("Nothing changes that an app must follow. `fieldpack diff OLD NEW` names every difference.")
        return
    yield say("An app must be changed along with the model:")
    yield bullets(say(RULES[rule].meaning) for rule in rules)
    yield say("`fieldpack diff OLD NEW` names each.")


def _provenance(old: Record, new: Record) -> Said:
    return say(
        "Drafted from the bundles {} and {}; every number stands in one of them, in its manifest or in the "
        "evidence that the manifest lists with its SHA-256. Sizes and shares are rounded.",
        digest(old.digest),
        digest(new.digest),
    )
