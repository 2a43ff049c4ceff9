"""``fieldpack doctor``: what is installed, what is missing and what it is for."""

from __future__ import annotations

import argparse

from fieldpack.cli.terminal import Terminal, table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments: none."""


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Print the findings; 4 when the bare distribution itself is incomplete."""
    from fieldpack.doctor import examine

    checks = examine()
    rows = [[c.name, c.found or "-", c.needed, c.outcome, c.for_what, c.hint] for c in checks]
    document = {"checks": [c.as_dict() for c in checks]}
    terminal.result(document, table(("what", "found", "needed", "state", "for", "to mend"), rows))
    return 4 if any(c.required and c.outcome != "ok" for c in checks) else 0
