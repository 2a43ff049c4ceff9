"""``fieldpack diff``: what changed between two versions of a bundle, and whether a policy allows it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from fieldpack.cli.terminal import Terminal

if TYPE_CHECKING:
    from fieldpack.bundle.read import Bundle
    from fieldpack.difference import BundleDifference
    from fieldpack.difference.evaluation import Measured

WHY = "a comparison with it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("old", type=Path, help="bundle folder or .fieldpack file that apps have")
    parser.add_argument("new", type=Path, help="bundle that is to follow it")
    parser.add_argument("--policy", type=Path, metavar="FILE", help="what an update may do; 1 if not kept")
    parser.add_argument("--data", type=Path, metavar="SPEC", help="run both on the data of a pack.toml")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a page, with pictures that flipped")
    parser.add_argument("--all", action="store_true", help="list every change, figure and layer")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Compare and print; 1 when a policy is broken, else 0."""
    from dataclasses import replace

    from fieldpack.bundle.whole import open_whole
    from fieldpack.cli.difference import difference_text
    from fieldpack.difference import compare_bundles
    from fieldpack.difference.page import difference_page
    from fieldpack.difference.pictures import golden_pictures
    from fieldpack.difference.policy import breaches, load_policy
    from fieldpack.placement import place_file

    policy = None if options.policy is None else load_policy(options.policy)
    with open_whole(options.old, WHY) as old, open_whole(options.new, WHY) as new:
        found = compare_bundles(old, new)
        pictures = {} if options.html is None else golden_pictures(old, found.answers)
        if options.data is not None:
            ran = measured(found, options.data, old, new, terminal)
            found, pictures = replace(found, measured=ran.answers), ran.pictures
        if options.html is not None:
            place_file(options.html, difference_page(found, pictures).encode("utf-8"), "the difference")
    broken = None if policy is None else breaches(policy, found)
    stated = None if broken is None else [item.as_dict() for item in broken]
    text = difference_text(found, broken, everything=options.all)
    terminal.result({**found.as_dict(), "policy": stated}, text)
    return 1 if broken else 0


def measured(found: BundleDifference, spec: Path, old: Bundle, new: Bundle, terminal: Terminal) -> Measured:
    """The answers of both to the evaluation data of a spec."""
    from fieldpack.difference.evaluation import measured_answers
    from fieldpack.spec import load_spec
    from fieldpack.workspace import work_folder

    with work_folder("diff") as folder:
        return measured_answers(old, new, found.labels, load_spec(spec), folder, terminal.progress)
