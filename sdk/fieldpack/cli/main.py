"""``fieldpack``: find the command, run it, turn errors into a next step and an exit code.

Exit codes: 0 pass, 1 fail, 2 usage or bad input, 3 inconclusive, 4 something needed is
missing, 5 internal error.
"""

from __future__ import annotations

import argparse
import importlib
import signal
import sys
import threading
from collections.abc import Sequence
from types import FrameType, ModuleType

from fieldpack import __version__
from fieldpack.errors import FieldpackError

COMMANDS = {
    "build": "pack a source model as pack.toml says, run every flavour, write the bundle",
    "search": "look for the smallest flavour that keeps the budget, and build it",
    "inspect": "say what a bundle or a model file is, without running it",
    "explain": "say what a model file takes, gives and holds, and what can run it",
    "run": "run one model file (.mlpackage, .mlmodel, .tflite) on arrays or pictures",
    "precision": "say what half precision costs a Core ML package, operator by operator",
    "diagnose": "say why a quantised TFLite file answers worse or slower, and what to do",
    "verify": "check digests, structure, a signature, and golden vectors on every flavour",
    "sign": "sign a bundle's bytes and claims with a key, and write its bill of materials",
    "keygen": "make the pair of keys that signs and verifies bundles",
    "predict": "run a bundle on a picture, a sound, a place or an array",
    "map": "map where a taxon is expected: GeoJSON, GeoParquet or a picture, flavours compared",
    "export": "write bundles as the folder that an app, a page or a store takes",
    "push": "put a bundle into an OCI registry; what it has already is not sent again",
    "pull": "bring a bundle out of an OCI registry, in one step in place of an older one",
    "lint": "say whether an app loads a directory of model files on both platforms, and why not",
    "fuse": "say what the server and the phones answer to a picture, a place and a sound",
    "bench": "run a bundle on this machine, phones, boards and emulated processors; compare records",
    "gate": "hold a bundle against a budget: pass, fail or inconclusive",
    "ci": "write the template that gates bundles on GitHub or GitLab",
    "plan-eval": "say how many labelled examples a margin needs",
    "taxonomy": "check, convert and compare taxonomies; release a bundle with a new one",
    "diff": "say what changed between two versions of a bundle, and whether a policy allows it",
    "report": "write the report as one HTML file",
    "card": "write the model card of a bundle, in Hugging Face's form",
    "notes": "draft the release note of a new version: kinds, what got better and worse, old phones",
    "rebuild": "build again from the spec and compare the bytes",
    "study": "run a measured comparison and print its table and bars",
    "doctor": "say what is installed, what is missing and what it is for",
    "schema": "print the JSON Schema of pack.toml, of a budget or of the manifest",
}
WRITES_JSON_FILE = ("study",)
"""Commands whose ``--json`` takes a file, since they print a table and keep the record."""
INTERNAL_ERROR = 5
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    name = next((item for item in given if not item.startswith("-")), None)
    module = _module(name) if name in COMMANDS else None
    parser = _parser()
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command, summary in COMMANDS.items():
        sub = subparsers.add_parser(command, help=summary, description=summary)
        if command not in WRITES_JSON_FILE:
            sub.add_argument("--json", action="store_true", help="print one JSON document instead of text")
        if module is not None and command == name:
            module.add_arguments(sub)
    options = parser.parse_args(given)
    from fieldpack.cli.terminal import Terminal

    _clean_up_on_termination()
    terminal = Terminal(json_wanted=options.json is True)
    try:
        code: int = _module(options.command).run(options, terminal)
        return code
    except FieldpackError as error:
        terminal.error(error)
        return error.exit_code
    except KeyboardInterrupt:
        terminal.note("interrupted; nothing was written")
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except Exception as error:  # noqa: BLE001  the last line of defence: an exit code, not a stack
        terminal.internal_error(error)
        return INTERNAL_ERROR
    finally:
        terminal.close()


def _module(command: str) -> ModuleType:
    return importlib.import_module(f"fieldpack.cli.{command.replace('-', '_')}")


def _clean_up_on_termination() -> None:
    """Let TERM and HUP end a command as an interrupt does, so that nothing is left behind."""
    if threading.current_thread() is not threading.main_thread():
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), interrupt)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fieldpack",
        description="Packs server-trained nature models for phones and proves what was lost.",
        epilog="exit codes: 0 pass, 1 fail, 2 bad input, 3 inconclusive, 4 missing, 5 internal, 130 stopped",
    )
    parser.add_argument("--version", action="version", version=f"fieldpack {__version__}")
    return parser


if __name__ == "__main__":
    sys.exit(main())
