"""Which flavour a page takes: TFLite with float inputs and outputs; and what no page can take."""

from __future__ import annotations

from collections.abc import Sequence

from fieldpack.bundle.manifest import FlavourEntry, FlavourKind, Manifest
from fieldpack.contract import Input, LocationInput, SpectrogramInput
from fieldpack.contract.inputs import ImageInput, WaveformInput
from fieldpack.errors import InputError, UnsupportedError
from fieldpack.exports.choice import chosen_flavour

CONSUMER = "web"
BUILD = '[[flavours]] with kind = "tflite" and io = "float32"'


def web_flavour(manifest: Manifest, names: Sequence[str]) -> FlavourEntry:
    """The flavour of the page.

    Raises
    ------
    InputError
        There is none with float inputs and outputs, or the named one is not of that kind.
    UnsupportedError
        The contract takes what the page has no form for.
    """
    check_contract(manifest)
    fitting = [item.name for item in manifest.flavours if _floats(item)]
    if names:
        flavour = chosen_flavour(manifest, FlavourKind.TFLITE, names, CONSUMER)
        if flavour.name not in names or not _floats(flavour):
            raise _refusal(manifest, ", ".join(names))
        return flavour
    if not fitting:
        raise _refusal(manifest, ", ".join(item.name for item in manifest.flavours))
    floats = manifest.model_copy(
        update={"flavours": tuple(item for item in manifest.flavours if item.name in fitting)}
    )
    return chosen_flavour(floats, FlavourKind.TFLITE, (), CONSUMER)


def _floats(flavour: FlavourEntry) -> bool:
    borders = (*flavour.inputs, *flavour.outputs)
    return flavour.kind is FlavourKind.TFLITE and all(item.dtype == "float32" for item in borders)


def _refusal(manifest: Manifest, came: str) -> InputError:
    fitting = [item.name for item in manifest.flavours if _floats(item)]
    return InputError(
        "LiteRT.js takes float32 inputs and outputs alone",
        came=came,
        allowed=", ".join(fitting) or "none of this bundle",
        hint=f"name one of those with --flavour, or add {BUILD} to pack.toml and build again",
    )


def check_contract(manifest: Manifest) -> None:
    """Refuse contracts that the page has no form for.

    Raises
    ------
    UnsupportedError
        There are several inputs, or one of a kind that people cannot give to a page.
    """
    inputs = manifest.contract.inputs
    if len(inputs) != 1:
        raise UnsupportedError("the page takes one input", came=", ".join(item.name for item in inputs))
    problem = _problem(inputs[0])
    if problem is not None:
        raise UnsupportedError(
            f"the page cannot take input {inputs[0].name}",
            came=problem,
            allowed="pictures, recordings and places",
            hint="--for folder writes the files for a page of your own",
        )


def _problem(item: Input) -> str | None:
    if isinstance(item, SpectrogramInput):
        return _clip_problem(item)
    if isinstance(item, ImageInput | WaveformInput | LocationInput):
        return None
    return f"kind {item.kind}"


def _clip_problem(item: SpectrogramInput) -> str | None:
    windows = item.front_end.windows
    if isinstance(windows.samples, str) and windows.last == "pad":
        return "a spectrogram whose last patch is filled with the clip's smallest value"
    return None
