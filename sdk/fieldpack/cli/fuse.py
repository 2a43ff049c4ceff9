"""``fieldpack fuse``: what the server and the phones answer to a picture, a place and a recording."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fieldpack.cli.terminal import Terminal, table

if TYPE_CHECKING:
    from fieldpack.fusion import Answer, Options
    from fieldpack.fusion.places import Place

MODES = ("server", "ios", "android", "android-transposed", "all")

SOUTHERN = re.compile(r"-[0-9.][0-9.,+-]*")
"""A place that begins with a minus is no option; argparse has no public word for it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser._negative_number_matcher = SOUTHERN
    sources = parser.add_argument_group("sources, at least one")
    sources.add_argument("--picture", nargs=2, metavar=("BUNDLE", "FILE"), help="model and picture")
    sources.add_argument(
        "--place", nargs=2, metavar=("BUNDLE", "LAT,LON[,ELEV]"), help="range model and place"
    )
    sources.add_argument("--sound", nargs=2, metavar=("BUNDLE", "FILE"), help="sound model and recording")
    parser.add_argument("--mode", choices=MODES, default="all", help="whose answer (default: all)")
    parser.add_argument("--flavour", help="which flavour runs; default: the kind that the platform loads")
    parser.add_argument("--format", choices=("table", "json"), default="table", help="how it is written")
    rules = parser.add_argument_group("requests of the app")
    rules.add_argument("--ranks", choices=("default", "major", "unrestricted"), default="default")
    rules.add_argument("--confidence", type=float, default=70.0, metavar="PERCENT")
    rules.add_argument("--taxon", metavar="ID", help="only this taxon and what is below (server, Android)")
    rules.add_argument("--without-taxon", metavar="ID", help="all but that (Android)")
    rules.add_argument("--keep-humans", action="store_true", help="the server's never_exclude")
    rules.add_argument("--synonyms", type=Path, metavar="FILE", help="the server's synonyms")
    rules.add_argument("--crop-ratio", type=float, default=1.0, metavar="R", help="Android's crop")
    places = parser.add_argument_group("place")
    places.add_argument(
        "--elevations", type=Path, metavar="FILE", help="elevation table of the app or server"
    )
    places.add_argument("--exact-place", action="store_true", help="the place itself, not its H3 cell")
    places.add_argument(
        "--zero-is-missing",
        action="store_true",
        help="elevation 0 counts as none, as in plugins to June 2026",
    )


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Print the answers of one mode or of all, side by side."""
    import json

    from fieldpack.bundle.read import open_bundle
    from fieldpack.fusion import Mode
    from fieldpack.fusion.bundles import Models, fuse_bundles

    modes = tuple(Mode) if options.mode == "all" else (Mode(options.mode),)
    place = None if options.place is None else _place(options.place[1], options)
    with ExitStack() as stack:
        opened: dict[str, Any] = {}
        for name in ("picture", "place", "sound"):
            pair = getattr(options, name)
            if pair is not None:
                bundle = stack.enter_context(open_bundle(Path(pair[0])))
                opened[name] = (bundle, place if name == "place" else Path(pair[1]))
        models = Models(**opened, flavour=options.flavour, crop_ratio=options.crop_ratio)
        answers = fuse_bundles(
            models, modes, _options(options), lambda stage, done: terminal.progress("fuse", stage, done)
        )
    document = {
        "place": None if place is None else place.as_dict(),
        "answers": [answer.as_dict() for answer in answers],
    }
    text = json.dumps(document, indent=1, ensure_ascii=False) if options.format == "json" else _text(answers)
    terminal.result(document, text)
    return 0


def _options(options: argparse.Namespace) -> Options:
    from fieldpack.errors import InputError
    from fieldpack.fusion import Options, RankType
    from fieldpack.taxonomy.synonyms import read_synonyms

    if options.taxon and options.without_taxon:
        raise InputError("one filter at a time", allowed="--taxon or --without-taxon")
    return Options(
        rank_type=RankType(options.ranks),
        confidence_percent=options.confidence,
        filter_taxon=options.taxon or options.without_taxon,
        negative_filter=options.without_taxon is not None,
        keep_humans=options.keep_humans,
        synonyms=() if options.synonyms is None else read_synonyms(options.synonyms),
    )


def _place(text: str, options: argparse.Namespace) -> Place:
    from fieldpack.errors import InputError
    from fieldpack.fusion.places import located, read_elevations

    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) not in (2, 3):
        raise InputError("a place is LATITUDE,LONGITUDE[,ELEVATION]", came=text, allowed="degrees and metres")
    return located(
        numbers[0],
        numbers[1],
        numbers[2] if len(numbers) == 3 else None,
        elevations=None if options.elevations is None else read_elevations(options.elevations),
        exact=options.exact_place,
        zero_is_missing=options.zero_is_missing,
    )


def _text(answers: Sequence[Answer]) -> str:
    """The leaves of all modes beside each other, then what else each says."""
    rows: dict[str, list[str]] = {}
    for position, answer in enumerate(answers):
        for item in answer.predictions:
            cells = rows.setdefault(item.taxon.id, [item.taxon.name, *[""] * len(answers)])
            cells[position + 1] = f"{item.score:.2f}"
    header = ["taxon", "name", *(answer.mode.value for answer in answers)]
    listed = [[taxon, *cells] for taxon, cells in rows.items()]
    parts = [table(header, listed, right=range(2, len(header)))] if listed else ["no taxon is told"]
    return "\n\n".join([*parts, *map(_summary, answers)])


def _summary(answer: Answer) -> str:
    ancestor = answer.common_ancestor
    named = "none" if ancestor is None else f"{_named(ancestor)} {ancestor.score:.2f}"
    lines = [f"{answer.mode.value}: {answer.flavour}", f"  common ancestor: {named}"]
    if answer.mode.phone:
        branch = " > ".join(f"{_named(item)} {item.score:.2f}" for item in answer.best_branch)
        lines.append(f"  best branch: {branch or 'none'}")
    if answer.expected_nearby:
        shown = ", ".join(answer.expected_nearby[:10])
        more = f" and {len(answer.expected_nearby) - 10} more" if len(answer.expected_nearby) > 10 else ""
        lines.append(f"  expected nearby: {shown}{more}")
    return "\n".join([*lines, *(f"  note: {note}" for note in answer.notes)])


def _named(item: Any) -> str:
    return f"{item.taxon.rank or 'taxon'} {item.taxon.name}"
