"""The words that hostile cases are written in: each spoils a good bundle in one way.

A case is a TOML file in ``hostile``: ``form`` (folder or archive), ``why``, ``expect`` (the
exact set of finding codes), ``says`` (optional, words of a finding) and ``edits``, each a table
with ``do`` and the arguments of the function of that name below. Nothing here uses
Fieldpack's own writer of archives.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import struct
import warnings
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

Key = Sequence[str | int]


def apply(bundle: Path, edits: Sequence[Mapping[str, Any]]) -> None:
    """Spoil `bundle`, a folder or an archive, in place."""
    for edit in edits:
        EDITS[edit["do"]](bundle, **{key: value for key, value in edit.items() if key != "do"})


def flip(bundle: Path, at: int, file: str = "", bit: int = 0) -> None:
    """Invert one bit of a file; `at` may be negative."""
    place = bundle / file if file else bundle
    data = bytearray(place.read_bytes())
    data[at] ^= 1 << bit
    place.write_bytes(data)


def remove(bundle: Path, file: str) -> None:
    """Remove one file."""
    (bundle / file).unlink()


def add(bundle: Path, file: str, text: str = "hello\n") -> None:
    """Write one file, over an older one."""
    (bundle / file).parent.mkdir(parents=True, exist_ok=True)
    (bundle / file).write_text(text, encoding="utf-8")


def append(bundle: Path, text: str, file: str = "") -> None:
    """Write behind the end of a file."""
    place = bundle / file if file else bundle
    place.write_bytes(place.read_bytes() + text.encode())


def prepend(bundle: Path, text: str, file: str = "") -> None:
    """Write before the start of a file."""
    place = bundle / file if file else bundle
    place.write_bytes(text.encode() + place.read_bytes())


def truncate(bundle: Path, size: int, file: str = "") -> None:
    """Keep the first `size` bytes; a negative `size` counts from the end."""
    place = bundle / file if file else bundle
    os.truncate(place, size if size >= 0 else place.stat().st_size + size)


def folder(bundle: Path, file: str) -> None:
    """Make an empty folder, in place of a file when there is one."""
    (bundle / file).unlink(missing_ok=True)
    (bundle / file).mkdir(parents=True)


def link(bundle: Path, file: str) -> None:
    """Move a file or folder out of the bundle and leave a link to it."""
    outside = bundle.parent / "outside"
    shutil.move(bundle / file, outside)
    (bundle / file).symlink_to(outside)


def pipe(bundle: Path, file: str) -> None:
    """Put a named pipe in place of a file."""
    (bundle / file).unlink()
    os.mkfifo(bundle / file)


def put(bundle: Path, key: Key, value: Any) -> None:
    """Set one value of the manifest and seal it again."""
    manifest = _manifest(bundle)
    _parent(manifest, key)[key[-1]] = value
    _seal(bundle, manifest)


def drop(bundle: Path, key: Key) -> None:
    """Remove one value of the manifest and seal it again."""
    manifest = _manifest(bundle)
    del _parent(manifest, key)[key[-1]]
    _seal(bundle, manifest)


def relist(bundle: Path, file: str) -> None:
    """Enter a file's present size and digest into the manifest and seal it again."""
    data = (bundle / file).read_bytes()
    put(bundle, ["files", file], {"size_bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()})


def replace(bundle: Path, old: str, new: str, times: int = 1) -> None:
    """Replace text of the manifest, `new` repeated `times`, and seal it again."""
    text = (bundle / "manifest.json").read_text(encoding="utf-8")
    if old not in text:
        raise ValueError(f"the manifest does not hold {old!r}")
    _seal_bytes(bundle, text.replace(old, new * times, 1).encode("utf-8"))


def rewrite(bundle: Path, text: str, times: int = 1) -> None:
    """Put other text in place of the manifest and seal it."""
    _seal_bytes(bundle, (text * times).encode("utf-8"))


def seal(bundle: Path) -> None:
    """Write a ``DIGEST`` that fits the manifest as it is."""
    _seal_bytes(bundle, (bundle / "manifest.json").read_bytes())


def array(
    bundle: Path, file: str, shape: Sequence[int], dtype: str = "float32", order: str = "C", fill: str = "0"
) -> None:
    """Put an array in place of a file, as numpy saves it."""
    np.save(
        bundle / file, np.full(shape, float(fill), dtype, "F" if order == "F" else "C"), allow_pickle=True
    )


def overwrite(bundle: Path, file: str, old: str, new: str) -> None:
    """Replace bytes of a file by as many others."""
    data = (bundle / file).read_bytes()
    if len(old) != len(new) or old.encode() not in data:
        raise ValueError(f"{file} does not hold {old!r}, or {new!r} is longer")
    (bundle / file).write_bytes(data.replace(old.encode(), new.encode(), 1))


def zip_again(
    bundle: Path,
    method: str = "stored",
    comment: str = "",
    extra: str = "",
    year: int = 1980,
    mode: int = 0o100644,
    backwards: bool = False,
    twice: str = "",
    renamed: Mapping[str, str] | None = None,
    also: Mapping[str, str] | None = None,
) -> None:
    """Write the archive again with Python's zipfile, which follows other rules."""
    with zipfile.ZipFile(bundle) as source:
        items = [(name, source.read(name)) for name in source.namelist()]
    items += [(name, data) for name, data in items if name == twice]
    items[2:] = sorted([*items[2:], *((name, text.encode()) for name, text in (also or {}).items())])
    with warnings.catch_warnings(), zipfile.ZipFile(bundle, "w") as target:
        warnings.simplefilter("ignore", UserWarning)
        target.comment = comment.encode()
        for name, data in reversed(items) if backwards else items:
            facts = zipfile.ZipInfo((renamed or {}).get(name, name), (year, 1, 1, 0, 0, 0))
            facts.external_attr, facts.extra = mode << 16, bytes.fromhex(extra)
            facts.compress_type = zipfile.ZIP_DEFLATED if method == "deflated" else zipfile.ZIP_STORED
            target.writestr(facts, data)


def poke(bundle: Path, record: str, at: int, hexadecimal: str, entry: str = "") -> None:
    """Overwrite bytes of a header: `record` is local, central or end, `at` counts from its start."""
    data = bytearray(bundle.read_bytes())
    start = {"local": _local, "central": _central, "end": _end}[record](bytes(data), entry) + at
    new = bytes.fromhex(hexadecimal)
    data[start : start + len(new)] = new
    bundle.write_bytes(data)


def gap(bundle: Path, text: str) -> None:
    """Hide bytes between the last entry and the directory, with a right directory offset."""
    data, hidden = bundle.read_bytes(), text.encode()
    end = _end(data, "")
    start = struct.unpack_from("<I", data, end + 16)[0]
    tail = data[start : end + 16] + struct.pack("<I", start + len(hidden)) + data[end + 20 :]
    bundle.write_bytes(data[:start] + hidden + tail)


def _manifest(bundle: Path) -> Any:
    return json.loads((bundle / "manifest.json").read_bytes())


def _parent(value: Any, key: Key) -> Any:
    for step in key[:-1]:
        value = value[step]
    return value


def _seal(bundle: Path, manifest: Any) -> None:
    text = json.dumps(manifest, ensure_ascii=False, sort_keys=True, indent=1) + "\n"
    _seal_bytes(bundle, text.encode("utf-8", "surrogatepass"))


def _seal_bytes(bundle: Path, data: bytes) -> None:
    (bundle / "manifest.json").write_bytes(data)
    (bundle / "DIGEST").write_text(f"sha256:{hashlib.sha256(data).hexdigest()}\n")


def _end(data: bytes, entry: str) -> int:
    return data.rindex(b"PK\x05\x06")


def _central(data: bytes, entry: str) -> int:
    at = struct.unpack_from("<I", data, _end(data, "") + 16)[0]
    while data[at + 46 : at + 46 + struct.unpack_from("<H", data, at + 28)[0]] != entry.encode():
        at += 46 + sum(struct.unpack_from("<3H", data, at + 28))
    return int(at)


def _local(data: bytes, entry: str) -> int:
    return int(struct.unpack_from("<I", data, _central(data, entry) + 42)[0])


EDITS: dict[str, Callable[..., None]] = {
    word.__name__: word
    for word in (
        flip,
        remove,
        add,
        append,
        prepend,
        truncate,
        folder,
        link,
        pipe,
        put,
        drop,
        relist,
        replace,
        rewrite,
        seal,
        array,
        overwrite,
        zip_again,
        poke,
        gap,
    )
}
