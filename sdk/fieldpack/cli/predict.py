"""``fieldpack predict``: run a bundle on one file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from fieldpack.cli.terminal import Terminal, table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("bundle", type=Path, help="bundle folder or .fieldpack file")
    parser.add_argument("file", help="picture, sound, .npy array, or LATITUDE,LONGITUDE[,ELEVATION]")
    parser.add_argument("--flavour", help="which flavour runs; default: every one")
    parser.add_argument("--top", type=_count, default=5, help="how many labels are shown (default 5)")
    parser.add_argument("--precision", choices=("fp32", "fp16"), help="arithmetic of a Core ML flavour")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Print the best labels of each flavour."""
    from fieldpack.bundle.manifest import FlavourKind
    from fieldpack.bundle.read import open_bundle
    from fieldpack.predict import Predictor, choose_flavour, read_example

    raw = read_example(options.file)
    with open_bundle(options.bundle) as bundle:
        chosen = choose_flavour(bundle, options.flavour)
        names = [chosen.name] if options.flavour else [item.name for item in bundle.manifest.flavours]
        answers: list[dict[str, Any]] = []
        for name in names:
            terminal.progress("predict", name, 0.0)
            wanted = options.precision if choose_flavour(bundle, name).kind is FlavourKind.COREML else None
            predictor = Predictor(bundle, name, precision=wanted)
            ranked = predictor.ranked(raw, options.top)
            answers.append(
                {
                    "flavour": name,
                    "evidence": predictor.evidence.value,
                    "outputs": {key: [item.as_dict() for item in items] for key, items in ranked.items()},
                }
            )
    terminal.result({"file": options.file, "answers": answers}, _text(answers))
    return 0


def _count(text: str) -> int:
    """At least one."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is below 1")
    return number


def _text(answers: list[dict[str, Any]]) -> str:
    blocks = []
    for answer in answers:
        for name, items in answer["outputs"].items():
            rows = [[str(item["label"]), f"{item['score']:.4f}"] for item in items]
            title = f"{answer['flavour']} ({answer['evidence']})"
            blocks.append(title + "\n" + table((name, "score"), rows, right=(1,)))
    return "\n\n".join(blocks)
