"""What the new version asks of phones: room, download, software, and time where a phone was measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fieldpack.bundle.manifest import FlavourEntry, FlavourKind, Manifest
from fieldpack.difference.update_cost import phone_files
from fieldpack.errors import InputError
from fieldpack.exports.choice import failed_limits
from fieldpack.verdict import Evidence
from fieldpack.words.record import Record
from fieldpack.words.said import Said, bullets, say, table
from fieldpack.words.stated import Stated, bounds, code, figure, plain, size, titled

SYSTEMS = {FlavourKind.TFLITE: "Android", FlavourKind.COREML: "iPhone and iPad"}
SOFTWARE = {FlavourKind.TFLITE: ("tflite_runtime", "TFLite runtime"), FlavourKind.COREML: ("ios", "iOS")}
"""Field of ``requires``, and what it is called."""
SIZES = ("installed_bytes", "download_bytes")
MEASURES = ("latency_ms", "peak_memory_bytes")
MOST_FILES = 12
ROOM = ("", "on the phone before", "now", "download before", "now")


def told_flavours(manifest: Manifest, names: Sequence[str]) -> list[FlavourEntry]:
    """The flavours that are told of: the named ones, or the smallest of each kind on which no limit failed.

    Raises
    ------
    InputError
        There is none of a name.
    """
    unknown = [name for name in names if manifest.flavour(name) is None]
    if unknown:
        allowed = ", ".join(item.name for item in manifest.flavours)
        raise InputError("the bundle has no flavour of this name", came=", ".join(unknown), allowed=allowed)
    if names:
        return [item for item in manifest.flavours if item.name in names]

    def burden(flavour: FlavourEntry) -> tuple[bool, int]:
        return bool(failed_limits(manifest, flavour.name)), flavour.download_bytes

    kinds = dict.fromkeys(item.kind for item in manifest.flavours)
    return [min((item for item in manifest.flavours if item.kind is kind), key=burden) for kind in kinds]


def room_words(old: Record, new: Record, told: Sequence[FlavourEntry]) -> Iterator[Said]:
    """Sizes before and now, and which files an update replaces."""
    rows = []
    for entry in told:
        before, now = old.flavour(entry.name), new.flavour(entry.name)
        if now is not None:
            sides = (before, now)
            rows.append((_name(entry, now), *(_size(side, key) for key in SIZES for side in sides)))
    yield table(ROOM, rows, ROOM[1:])
    yield say("The download is estimated: what deflate leaves of the model file.")
    for entry in told:
        yield _replaced(old, new, entry)


def _size(flavour: Stated | None, field: str) -> Said:
    return say("–") if flavour is None else size(flavour[field])


def _name(entry: FlavourEntry, flavour: Stated) -> Said:
    return say(f"{SYSTEMS[entry.kind]}, {{}}", code(flavour["name"]))


def _replaced(old: Record, new: Record, entry: FlavourEntry) -> Said:
    """The files that a phone does not have yet."""
    there = {item.sha256 for item in old.typed.files.values()}
    fresh = [name for name in phone_files(new.typed, entry) if new.typed.files[name].sha256 not in there]
    if not fresh:
        return say(f"On {SYSTEMS[entry.kind]} no file of the model changes.")
    files = new.manifest["files"]
    lines = [
        say("{}, {}", code(Stated(name, files[name].source)), size(files[name]["size_bytes"]))
        for name in fresh[:MOST_FILES]
    ]
    lines += [say("and more")] if len(fresh) > MOST_FILES else []
    return say(f"An update on {SYSTEMS[entry.kind]} brings these files:\n\n{{}}", bullets(lines))


def phone_words(old: Record, new: Record, told: Sequence[FlavourEntry]) -> Iterator[Said]:
    """What an old phone must have, and how fast it will be."""
    lines = []
    for entry in told:
        now = new.flavour(entry.name)
        if now is not None:
            lines.append(_software(entry, old.flavour(entry.name), now))
            lines += _doubts(entry, now)
            lines += _times(new, entry)
    yield bullets(lines)


def _software(entry: FlavourEntry, before: Stated | None, now: Stated) -> Said:
    field, called = SOFTWARE[entry.kind]
    system, stated = SYSTEMS[entry.kind], now.get("requires", field)
    earlier = None if before is None else before.get("requires", field)
    if stated is None:
        return say(f"{system}: which {called} it needs at least is not known")
    words = say(f"{system}: needs {called} {{}} or newer", plain(stated))
    if earlier is None:
        return words
    if earlier.value == stated.value:
        return say("{}, as before", words)
    return say("{}; the version before needed {}", words, plain(earlier))


def _doubts(entry: FlavourEntry, now: Stated) -> Iterator[Said]:
    if now["requires"].get("unknown_operators") is not None and now["requires"]["unknown_operators"].value:
        yield say(
            f"{SYSTEMS[entry.kind]}: it uses operators that are newer than the known runtimes; try it on the "
            "oldest phone that you support"
        )


def _times(record: Record, entry: FlavourEntry) -> Iterator[Said]:
    """Times and memory that a real phone gave, or that there are none."""
    figures = [
        item["figure"]
        for item in record.manifest["verdicts"]
        if item["subject"].value == entry.name and item["name"].value.split(".")[0] in MEASURES
    ]
    device = [item for item in figures if item["evidence"].value == Evidence.DEVICE and item.get("value")]
    system = SYSTEMS[entry.kind]
    if not device:
        yield say(f"{system}: how fast it is on a phone, and how much memory it takes, was not measured")
    for item in device:
        yield say(f"{system}: {{}}: {{}} (bounds: {{}})", titled(item["name"]), figure(item), bounds(item))
