"""``fieldpack pull``: a bundle out of a registry, in place of an older one."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from fieldpack.cli.terminal import Terminal, size_text, table

if TYPE_CHECKING:
    from fieldpack.registry import Pulled
    from fieldpack.trust import Demand


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "reference", metavar="HOST/NAME:TAG", help="registry, repository, and a tag or @sha256:DIGEST"
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder, or a name that ends in .fieldpack"
    )
    parser.add_argument(
        "--cache",
        type=Path,
        metavar="DIR",
        help="folder of parts; default: blobs in $FIELDPACK_CACHE or in the user's cache",
    )
    parser.add_argument(
        "--key",
        type=Path,
        metavar="PUBLIC",
        help="public key or certificate, PEM: the bundle must carry a signature by it, and be no older than "
        "what it replaces",
    )
    parser.add_argument("--plain-http", action="store_true", help="no TLS; on loopback there is none anyway")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Bring what is missing and print from where all came; 0, or an error and the target as it was."""
    from fieldpack.registry import parse_reference, pull

    made = pull(
        parse_reference(options.reference),
        options.out,
        cache=options.cache,
        plain_http=options.plain_http,
        demand=_demand(options.key),
        progress=lambda stage, done: terminal.progress("pull", stage, done),
    )
    terminal.result(made.as_dict(), _text(made))
    return 0


def _demand(key: Path | None) -> Demand | None:
    """Whose signature is asked for, if any."""
    if key is None:
        return None
    from fieldpack.trust import Demand
    from fieldpack.trust.keys import read_public_key

    return Demand(read_public_key(key))


def _text(made: Pulled) -> str:
    words = {"registry": "transferred", "target": "from the bundle there", "cache": "from the cache"}
    rows = [[words[origin], str(part.parts), size_text(part.bytes)] for origin, part in made.taken.items()]
    before = {None: "new", made.digest: "was there already"}
    change = before.get(made.replaced) or f"replaces sha256:{made.replaced}"
    lines = [
        f"{made.name} {made.version} lies in {made.target} ({change})\n",
        table(("parts", "count", "size"), rows, right=(1, 2)) + "\n",
        f"digest    sha256:{made.digest}",
        f"contract  sha256:{made.contract}",
        *([f"key       sha256:{made.signed_by}"] if made.signed_by else []),
        f"artefact  {made.pinned}",
        f"every part has its digest; fieldpack verify {made.target} runs the golden vectors",
    ]
    return "\n".join(lines)
