"""``fieldpack ci``: write the template that gates bundles on a build machine."""

from __future__ import annotations

import argparse
from pathlib import Path

from fieldpack.cli.terminal import Terminal

SYSTEMS = {
    "github": (Path(".github") / "actions" / "fieldpack-gate", ("action.yml", "gate.sh")),
    "gitlab": (Path(".gitlab") / "fieldpack", ("gitlab.yml", "gate.sh")),
}
"""System -> where its files lie in a repository, and which they are."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("system", choices=sorted(SYSTEMS), help="build system")
    parser.add_argument(
        "--out", type=Path, default=Path(), metavar="DIR", help="the repository; default: here"
    )


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Write the files; those that are there already are replaced."""
    from importlib.resources import files

    from fieldpack.errors import StorageError

    folder, names = SYSTEMS[options.system]
    written = []
    try:
        (options.out / folder).mkdir(parents=True, exist_ok=True)
        for name in names:
            target = options.out / folder / name
            target.write_bytes(files("fieldpack.ci").joinpath(name).read_bytes())
            written.append(str(target))
    except OSError as error:
        raise StorageError("the template cannot be written", came=f"{options.out}: {error}") from error
    terminal.result({"written": written}, "\n".join(written))
    return 0
