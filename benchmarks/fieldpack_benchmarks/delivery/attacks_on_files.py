"""Attacks on the folder form: its files changed, mixed with those of other bundles, and sealed anew."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from typing import Any

from fieldpack.bundle.finding import FindingCode
from fieldpack.testing import TINY_MODEL, TINY_PACKAGE
from fieldpack_benchmarks.delivery.attack import FOLDER, Attack, edit_manifest, replace_file, seal
from fieldpack_benchmarks.delivery.victim import Victim

WEIGHTS = f"{TINY_PACKAGE}/Data/com.apple.CoreML/weights/weight.bin"
GOLDEN = ("golden/tflite-float32/scores.npy", "golden/coreml-float32/scores.npy")
Code = FindingCode


def swap(at: Victim) -> None:
    """Two files change places."""
    one, other = at.bundle / "golden/vector.npy", at.bundle / "golden/scores.npy"
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)


def swap_flavours(at: Victim) -> None:
    """The folders of two flavours change names."""
    one, other = at.bundle / "tflite-float32", at.bundle / "coreml-float32"
    one.rename(at.bundle / "between")
    other.rename(one)
    (at.bundle / "between").rename(other)


def empty(at: Victim) -> None:
    """The model loses all its bytes."""
    os.truncate(at.bundle / TINY_MODEL, 0)


def cut(at: Victim) -> None:
    """The weights lose their last byte."""
    os.truncate(at.bundle / WEIGHTS, (at.bundle / WEIGHTS).stat().st_size - 1)


def lengthen(at: Victim) -> None:
    """The model gains a byte."""
    with (at.bundle / TINY_MODEL).open("ab") as file:
        file.write(b"\0")


def remove(at: Victim) -> None:
    """The labels are gone."""
    (at.bundle / "labels.txt").unlink()


def rename(at: Victim) -> None:
    """A part has another name."""
    (at.bundle / TINY_MODEL).rename((at.bundle / TINY_MODEL).with_name("weights.tflite"))


def change_case(at: Victim) -> None:
    """A name differs in case only, which a phone may not see."""
    (at.bundle / "labels.txt").rename(at.bundle / "Labels.txt")


def double_case(at: Victim) -> None:
    """A second file differs in the case of its name only: a phone or a Mac takes one of them."""
    (at.bundle / "LABELS.TXT").write_bytes(b"wasp\nmoth\nbee\n")


def look_alike(at: Victim) -> None:
    """A second label file whose name looks the same: its e is Cyrillic."""
    (at.bundle / "lab\u0435ls.txt").write_bytes(b"wasp\nmoth\nbee\n")


def add(at: Victim) -> None:
    """A file that nobody listed."""
    (at.bundle / "tflite-float32" / "delegate.so").write_bytes(b"\x7fELF")


def add_hidden(at: Victim) -> None:
    """A hidden file."""
    (at.bundle / ".model").write_bytes(b"x")


def add_folder(at: Victim) -> None:
    """An empty folder."""
    (at.bundle / "more").mkdir()


def link_outside(at: Victim) -> None:
    """A link to the same bytes outside, which may change after the check."""
    moved = at.bundle.parent / "outside"
    shutil.move(at.bundle / TINY_MODEL, moved)
    (at.bundle / TINY_MODEL).symlink_to(moved)


def link_inside(at: Victim) -> None:
    """A link to the same bytes inside."""
    one, other = (at.bundle / name for name in GOLDEN)
    one.unlink()
    one.symlink_to(os.path.relpath(other, one.parent))


def link_folder(at: Victim) -> None:
    """A folder of the bundle is a link to a copy of it."""
    moved = at.bundle.parent / "outside"
    shutil.move(at.bundle / "golden", moved)
    (at.bundle / "golden").symlink_to(moved)


def folder_for_file(at: Victim) -> None:
    """A folder stands where a file was."""
    (at.bundle / "labels.txt").unlink()
    (at.bundle / "labels.txt").mkdir()


def pipe(at: Victim) -> None:
    """A named pipe stands where a file was: a reader would wait for ever."""
    (at.bundle / "labels.txt").unlink()
    os.mkfifo(at.bundle / "labels.txt")


def part_of(neighbour: str, name: str) -> Callable[[Victim], None]:
    """A part of the same name from another signed bundle."""

    def do(at: Victim) -> None:
        replace_file(at.bundle / name, getattr(at.world, neighbour) / name)

    return do


def old_seal(at: Victim) -> None:
    """The old manifest, whole, over the new parts."""
    for name in ("manifest.json", "DIGEST"):
        replace_file(at.bundle / name, at.world.old / name)


def old_parts(at: Victim) -> None:
    """All old parts under the new manifest."""
    for path in at.world.old.rglob("*"):
        name = path.relative_to(at.world.old)
        if path.is_file() and name.name not in ("manifest.json", "DIGEST"):
            replace_file(at.bundle / name, path)


def no_manifest(at: Victim) -> None:
    """No manifest."""
    (at.bundle / "manifest.json").unlink()


def no_digest(at: Victim) -> None:
    """No identity."""
    (at.bundle / "DIGEST").unlink()


def respell(at: Victim) -> None:
    """The same manifest in another spelling, sealed."""
    said = json.loads((at.bundle / "manifest.json").read_bytes())
    seal(at.bundle, json.dumps(said, sort_keys=True).encode())


def double_key(at: Victim) -> None:
    """A manifest that names its version twice: readers differ in which they take."""
    data = (at.bundle / "manifest.json").read_bytes()
    seal(at.bundle, data.replace(b'\n "version"', b'\n "version": "9.9.9",\n "version"', 1))


def sealed(edit: Callable[[dict[str, Any]], Any], **files: bytes) -> Callable[[Victim], None]:
    """Files and manifest changed, with all digests made right: the bundle is good, but not the signed one."""

    def do(at: Victim) -> None:
        for name, data in files.items():
            (at.bundle / name.replace("__", "/").replace("_txt", ".txt")).write_bytes(data)
        edit_manifest(at.bundle, edit)

    return do


def swapped_model(at: Victim) -> None:
    """The weights of the old bundle under the new one's name, all digests made right."""
    replace_file(at.bundle / "golden/vector.npy", at.world.old / "golden/vector.npy")
    replace_file(at.bundle / "golden/scores.npy", at.world.old / "golden/scores.npy")
    edit_manifest(at.bundle, lambda said: None)


def whole(neighbour: str) -> Callable[[Victim], None]:
    """Another signed bundle, whole, under this one's name and signature."""

    def do(at: Victim) -> None:
        shutil.rmtree(at.bundle)
        shutil.copytree(getattr(at.world, neighbour), at.bundle)

    return do


def _lose_flavour(said: dict[str, Any]) -> None:
    gone = said["flavours"].pop()
    said["files"] = {
        name: entry
        for name, entry in said["files"].items()
        if not name.startswith((gone["path"], f"golden/{gone['name']}"))
    }


def lose_flavour(at: Victim) -> None:
    """A flavour is taken out, files and all, and the rest sealed."""
    edit_manifest(at.bundle, _lose_flavour)
    shutil.rmtree(at.bundle / "coreml-float32")
    shutil.rmtree(at.bundle / "golden" / "coreml-float32")


def _files(code: FindingCode, name: str, do: Callable[[Victim], None]) -> Attack:
    return Attack("files", name, FOLDER, code, do)


def _seal(name: str, do: Callable[[Victim], None], code: FindingCode = Code.CLAIMS) -> Attack:
    return Attack("seal", name, FOLDER, code, do)


ON_FILES = (
    _files(Code.SIZE, "two files swapped", swap),
    _files(Code.MISSING, "two flavours swapped", swap_flavours),
    _files(Code.SIZE, "model emptied", empty),
    _files(Code.SIZE, "weights cut by a byte", cut),
    _files(Code.SIZE, "byte added to the model", lengthen),
    _files(Code.MISSING, "part removed", remove),
    _files(Code.MISSING, "part renamed", rename),
    _files(Code.EXTRA, "case of a name changed", change_case),
    _files(Code.COLLISION, "second file under a name of other case", double_case),
    _files(Code.PATH, "second file under a name that looks the same", look_alike),
    _files(Code.EXTRA, "extra file", add),
    _files(Code.EXTRA, "hidden extra file", add_hidden),
    _files(Code.EXTRA, "empty extra folder", add_folder),
    _files(Code.LINK, "part is a link outwards", link_outside),
    _files(Code.LINK, "part is a link to its twin", link_inside),
    _files(Code.LINK, "folder is a link outwards", link_folder),
    _files(Code.MISSING, "folder in place of a file", folder_for_file),
    _files(Code.SPECIAL, "pipe in place of a file", pipe),
    _files(Code.DIGEST, "golden inputs of the old version", part_of("old", "golden/vector.npy")),
    _files(Code.DIGEST, "evidence of another model", part_of("other", "evidence/parity.json")),
    _files(Code.DIGEST, "identity of another bundle", part_of("twin", "DIGEST")),
    _files(Code.DIGEST, "manifest of another bundle without its identity", part_of("twin", "manifest.json")),
    _files(Code.DIGEST, "manifest of the old version over new parts", old_seal),
    _files(Code.DIGEST, "parts of the old version under the new manifest", old_parts),
    _files(Code.MISSING, "manifest removed", no_manifest),
    _files(Code.MISSING, "identity removed", no_digest),
)
ON_SEALS = (
    _seal("manifest spelled otherwise", respell, Code.CANONICAL),
    _seal("manifest with two versions", double_key, Code.MANIFEST),
    _seal("labels in another order", sealed(lambda said: None, labels_txt=b"wasp\nmoth\nbee\n")),
    _seal("golden vectors of the old version", swapped_model),
    _seal("verdict improved", sealed(lambda said: said["verdicts"][0]["figure"].update(value=1))),
    _seal("verdicts removed", sealed(lambda said: said["verdicts"].clear())),
    _seal("budget loosened", sealed(lambda said: said["budget"]["every"].update(installed_bytes=10**9))),
    _seal(
        "digest of the data changed",
        sealed(lambda said: said["lineage"]["data"]["evaluation"].update(digest="0" * 64)),
    ),
    _seal(
        "recipe changed",
        sealed(lambda said: said["flavours"][0]["compression"]["recipe"][0].update(method="float16")),
    ),
    _seal("tolerance widened", sealed(lambda said: _tolerance(said).update(scores=1.0))),
    _seal("version raised", sealed(lambda said: said.update(version="9.9.9"))),
    _seal("licence changed", sealed(lambda said: said.update(license="MIT"))),
    _seal("tool hidden", sealed(lambda said: said["lineage"]["tools"].clear())),
    _seal("flavour taken out", lose_flavour),
    _seal("old version, whole", whole("old")),
    _seal("other model, whole", whole("other")),
    _seal("other bundle of the same version, whole", whole("twin")),
)


def _tolerance(said: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = said["flavours"][0]["golden"]["tolerance"]
    return found
