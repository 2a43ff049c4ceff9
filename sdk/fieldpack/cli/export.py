"""``fieldpack export``: bundles as the folder that an app, a page or a store takes, for a named consumer."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fieldpack.cli.terminal import Terminal, size_text, table

if TYPE_CHECKING:
    from fieldpack.exports.consumers import Written


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments, and those of every consumer in a group of their own."""
    from fieldpack.exports.consumers import CONSUMERS, consumer

    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    width = max(len(name) for name in CONSUMERS)
    known = "\n".join(f"  {name:<{width}}  {summary}" for name, summary in CONSUMERS.items())
    parser.description = f"{parser.description}\n\nconsumers:\n{known}"
    parser.add_argument(
        "bundles", type=Path, nargs="+", metavar="BUNDLE", help="inat-vision-camera takes two, others one"
    )
    parser.add_argument("--for", dest="consumer", required=True, choices=CONSUMERS, help="who takes it")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write; must be new")
    parser.add_argument(
        "--flavour",
        action="append",
        default=[],
        metavar="NAME",
        help="flavour to take; default: the smallest that fits",
    )
    owners: dict[str, tuple[str, str, Any]] = {}
    for name in CONSUMERS:
        group = parser.add_argument_group(f"options of --for {name}")
        consumer(name).add_arguments(group)
        for action in group._group_actions:
            owners[action.dest] = (name, action.option_strings[0], action.default)
            action.default = argparse.SUPPRESS
    parser.set_defaults(option_owners=owners)


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Write the folder and print what is in it; 0, or an error and nothing written."""
    from fieldpack.exports.consumers import consumer

    _complete(options)
    made = consumer(options.consumer).export(
        options.bundles,
        options.out,
        options,
        lambda stage, done: terminal.progress("export", stage, done),
    )
    terminal.result(made.as_dict(), export_text(made))
    return 0


def export_text(made: Written) -> str:
    """Files, and what the consumer has to say of them, for people."""
    rows = [[name, size_text(size)] for name, size in made.files.items()]
    lines = [table(("file", "size"), rows, right=(1,)), ""]
    for part in made.told():
        lines += [part] if isinstance(part, str) else [table(part.header, part.rows, part.right), ""]
    return "\n".join(lines)


def _complete(options: argparse.Namespace) -> None:
    """Fill what was not given with the consumer's defaults; refuse an option of another consumer."""
    from fieldpack.errors import InputError

    for dest, (owner, option, default) in options.option_owners.items():
        if owner == options.consumer:
            setattr(options, dest, getattr(options, dest, default))
        elif hasattr(options, dest):
            raise InputError(f"{option} is an option of --for {owner}", came=f"--for {options.consumer}")
