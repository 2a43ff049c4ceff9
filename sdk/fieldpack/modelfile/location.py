"""Where a model file lies: at a path, or as a flavour inside a bundle."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fieldpack.errors import InputError, ModelFileError

SUFFIXES = (".mlpackage", ".mlmodel", ".tflite")


@contextmanager
def located(path: Path, flavour: str | None = None) -> Iterator[Path]:
    """The model file that a command line means, for the time of the ``with`` block.

    Parameters
    ----------
    path : Path
        A ``.mlpackage`` folder, a ``.mlmodel`` or ``.tflite`` file, or a bundle.
    flavour : str, optional
        Which flavour of a bundle; needed for a bundle of several.

    Raises
    ------
    InputError
        It is another kind of file, or the bundle has no such flavour.
    ModelFileError
        There is nothing at the path.
    """
    if path.suffix in SUFFIXES:
        if flavour is not None:
            raise InputError(
                "A model file has no flavours", came=flavour, allowed="--flavour only with a bundle"
            )
        if not path.exists():
            raise ModelFileError(f"{path} cannot be opened", came="nothing at this path")
        yield path
        return
    if path.suffix != ".fieldpack" and not path.is_dir():
        raise InputError(
            "This is no model file",
            came=path.name if path.exists() else f"nothing at {path}",
            allowed=f"{', '.join(SUFFIXES)}, or a bundle with --flavour",
        )
    from fieldpack.bundle.read import open_bundle
    from fieldpack.predict import choose_flavour

    with open_bundle(path) as bundle:
        names = [item.name for item in bundle.manifest.flavours]
        if flavour is None and len(names) > 1:
            raise InputError("Which flavour of the bundle?", allowed=", ".join(names), hint="--flavour NAME")
        yield bundle.path(choose_flavour(bundle, flavour).path)
