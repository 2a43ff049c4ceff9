"""Commands that have commands of their own."""

from __future__ import annotations

import argparse


def add_task(
    tasks: argparse._SubParsersAction[argparse.ArgumentParser], name: str, summary: str
) -> argparse.ArgumentParser:
    """Add one, with the ``--json`` that every command has."""
    parser = tasks.add_parser(name, help=summary, description=summary)
    text = "print one JSON document instead of text"
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=text)
    return parser
