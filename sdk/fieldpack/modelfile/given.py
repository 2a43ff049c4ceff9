"""Inputs of a bare model file, read from files: arrays as they are, pictures as their pixels.

A bare file has no contract, so nothing is scaled, resized or cropped here: what would change a number
in silence is an error that says how to do it by hand. What is done all the same (a picture turned
upright, real numbers quantised at a TFLite border) is said in a note.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.errors import InputError
from fieldpack.modelfile.slot import Slot
from fieldpack.preprocess.image import open_picture
from fieldpack.tflite.border import quantize

ARRAYS = (".npy", ".npz")
PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff")


@dataclass(frozen=True, slots=True)
class Given:
    """Arrays by input name, and what a reader must know about how they were made."""

    arrays: dict[str, NDArray[Any]]
    notes: tuple[str, ...]


def read_inputs(slots: Sequence[Slot], texts: Sequence[str]) -> Given:
    """Read what ``--input FILE`` or ``--input NAME=FILE`` name.

    Parameters
    ----------
    slots : sequence of Slot
        The inputs of the model.
    texts : sequence of str
        ``.npy``, ``.npz`` (one array an input, by name) and picture files.

    Raises
    ------
    InputError
        A file cannot be read or does not fit its input, a name is not the model's, or an input is
        missing or given twice.
    """
    by_name = {slot.name: slot for slot in slots}
    arrays: dict[str, NDArray[Any]] = {}
    notes: list[str] = []
    for text in texts:
        for name, array, note in _read(by_name, text):
            if name in arrays:
                raise InputError(f"Input {name!r} is given twice", came=", ".join(texts))
            arrays[name] = array
            notes += [note] if note else []
    missing = [slot.name for slot in slots if slot.name not in arrays and not slot.optional]
    if missing:
        raise InputError(
            "An input of the model is not given",
            came=", ".join(arrays) or "nothing",
            allowed=", ".join(slot.as_text() for slot in slots),
            hint=" ".join(f"--input {name}=FILE" for name in missing),
        )
    return Given(arrays, tuple(notes))


def _read(slots: Mapping[str, Slot], text: str) -> list[tuple[str, NDArray[Any], str]]:
    """(name, array, note) of each array that one ``--input`` names."""
    name, path = _split(slots, text)
    if not path.is_file():
        raise InputError(
            "There is no such input file", came=path, allowed=f"{', '.join(ARRAYS)} or a picture"
        )
    if path.suffix.lower() == ".npz" and name is None:
        return [(key, *_array(_slot(slots, key), value)) for key, value in _load(path).items()]
    if name is None:
        wanted = [slot.name for slot in slots.values()]
        if len(wanted) != 1:
            raise InputError(
                "The model has several inputs, and the file does not say which it is for",
                came=text,
                allowed=" ".join(f"--input {item}=FILE" for item in wanted),
            )
        name = wanted[0]
    slot = _slot(slots, name)
    if path.suffix.lower() in PICTURES:
        return [(name, *_picture(slot, path))]
    loaded = _load(path)
    if len(loaded) != 1:
        raise InputError(
            f"{path} holds several arrays",
            came=", ".join(loaded),
            allowed="one array",
            hint=f"--input {path}",
        )
    return [(name, *_array(slot, next(iter(loaded.values()))))]


def _split(slots: Mapping[str, Slot], text: str) -> tuple[str | None, Path]:
    """``NAME=FILE`` or ``FILE``; a file whose own name holds ``=`` stays a file."""
    name, mark, rest = text.partition("=")
    if mark and (name in slots or not Path(text).exists()):
        return name, Path(rest)
    return None, Path(text)


def _slot(slots: Mapping[str, Slot], name: str) -> Slot:
    if name not in slots:
        raise InputError("The model has no such input", came=name, allowed=", ".join(slots) or "none")
    return slots[name]


def _load(path: Path) -> dict[str, NDArray[Any]]:
    if path.suffix.lower() not in ARRAYS:
        raise InputError(
            "An input file of this kind is not read",
            came=path.name,
            allowed=", ".join((*ARRAYS, *PICTURES)),
        )
    try:
        loaded = np.load(path, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return {path.stem: loaded}
        with loaded:
            return {key: loaded[key] for key in loaded.files}
    except (OSError, ValueError, EOFError, KeyError) as error:
        raise InputError(f"{path} is no readable {path.suffix} file", came=error) from error


def _array(slot: Slot, array: NDArray[Any]) -> tuple[NDArray[Any], str]:
    """An array in the number format of its input; only lossless or stated changes."""
    if array.dtype.kind == "f" and np.isnan(array).any():
        raise InputError(
            f"The array for input {slot.name!r} holds NaN",
            came=f"{int(np.isnan(array).sum())} of {array.size} values",
            allowed="numbers",
            hint="a result of NaN would say nothing about the model; mend the data",
        )
    if slot.flexible is None and slot.shape and array.shape != slot.shape:
        raise _misshaped(slot, array)
    if slot.kind == "image":
        return array, ""
    wanted = np.dtype(slot.dtype)
    if slot.scale and array.dtype.kind == "f":
        stored = quantize(array.astype(np.float32), slot.scale, slot.zero_point, slot.dtype)
        return stored, f"{slot.name}: real numbers were quantised with the file's scale"
    if array.dtype == wanted:
        return array, ""
    if array.dtype.kind == "f" and wanted.kind == "f":
        return array.astype(wanted), f"{slot.name}: {array.dtype} became {wanted}"
    if array.dtype.kind in "iu" and wanted.kind in "iu":
        cast = array.astype(wanted)
        if (cast == array).all():
            return cast, f"{slot.name}: {array.dtype} became {wanted}"
    raise InputError(
        f"The array for input {slot.name!r} has another number format",
        came=f"{array.dtype}, {array.min()} to {array.max()}" if array.size else str(array.dtype),
        allowed=str(wanted),
        hint=f"array.astype({slot.dtype!r}), if that is what the model means",
    )


def _misshaped(slot: Slot, array: NDArray[Any]) -> InputError:
    hint = None
    if array.shape == slot.shape[1:]:
        hint = "the batch axis is missing: array[None]"
    elif len(array.shape) == 4 and array.transpose(0, 2, 3, 1).shape == slot.shape:
        hint = "the channels stand first: array.transpose(0, 2, 3, 1)"
    elif len(array.shape) == 4 and array.transpose(0, 3, 1, 2).shape == slot.shape:
        hint = "the channels stand last: array.transpose(0, 3, 1, 2)"
    return InputError(
        f"The array for input {slot.name!r} has another shape",
        came=list(array.shape),
        allowed=str(list(slot.shape)),
        hint=hint,
    )


def _picture(slot: Slot, path: Path) -> tuple[NDArray[Any], str]:
    """Pixels 0..255 as ``[1, H, W, C]``, of a size that fits."""
    channels = slot.channels
    if channels is None or not (slot.kind == "image" or slot.dtype in ("uint8", "float32")):
        raise InputError(
            f"Input {slot.name!r} does not take a picture",
            came=path.name,
            allowed=f"an array: {slot.as_text()}",
            hint="prepare it as the model was trained and save it with numpy.save",
        )
    picture = open_picture(path)
    width, height = picture.size
    if slot.flexible is None and (height, width) != slot.shape[1:3]:
        wanted_height, wanted_width = slot.shape[1:3]
        raise InputError(
            f"The picture for input {slot.name!r} has another size, and it is not resized in silence",
            came=f"{width} x {height} pixels",
            allowed=f"{wanted_width} x {wanted_height}",
            hint="resize and crop it as the model was trained, for example with Pillow's "
            f"Image.open(FILE).resize(({wanted_width}, {wanted_height})); "
            "`fieldpack predict` on a bundle does it by the contract",
        )
    pixels = np.asarray(picture)[None]
    if channels == 1:
        if (pixels != pixels[..., :1]).any():
            raise InputError(
                f"Input {slot.name!r} is grey, and the picture has colours",
                came=path.name,
                hint='Image.open(FILE).convert("L").save("grey.png") takes ITU-R BT.601 luma',
            )
        pixels = pixels[..., :1]
    note = f"{slot.name}: pixels 0..255 in RGB order as they are in {path.name}, upright, not scaled"
    if slot.kind == "image":
        return pixels, note
    if slot.scale and slot.dtype != "uint8":
        pixels = pixels.astype(np.float32)
    return pixels.astype(slot.dtype), f"{note}, as {slot.dtype}"
