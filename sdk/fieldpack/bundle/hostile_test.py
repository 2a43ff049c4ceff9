"""Hostile bundles: each case is found with exactly the codes it states, and nothing ever crashes."""

from __future__ import annotations

import contextlib
import random
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from fieldpack.bundle.archive import read_index
from fieldpack.bundle.finding import OF_TRUST, FindingCode
from fieldpack.bundle.read import open_bundle
from fieldpack.bundle.testdata.edits import EDITS, apply
from fieldpack.bundle.verify import check_structure
from fieldpack.cli.main import main
from fieldpack.errors import BundleError, FieldpackError
from fieldpack.testing import tiny_bundle

CASES = Path(__file__).parent / "testdata" / "hostile"
SEEN_BY_READERS = {
    FindingCode.ARCHIVE,
    FindingCode.CANONICAL,
    FindingCode.DIGEST,
    FindingCode.LINK,
    FindingCode.MANIFEST,
    FindingCode.MISSING,
    FindingCode.SCHEMA,
    FindingCode.SIZE,
    FindingCode.SPECIAL,
    FindingCode.UNREADABLE,
}
NAMES = (CASES / "CASES.txt").read_text().splitlines()


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("good")
    return {
        "folder": tiny_bundle(folder / "tiny", folder_flavour=True),
        "archive": tiny_bundle(folder / "tiny.fieldpack", folder_flavour=True),
    }


def spoiled(good: dict[str, Path], case: dict[str, Any], folder: Path) -> Path:
    source = good[case["form"]]
    target = folder / source.name
    (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
    apply(target, case["edits"])
    return target


def load(name: str) -> dict[str, Any]:
    return tomllib.loads((CASES / f"{name}.toml").read_text())


def test_the_list_names_the_folder() -> None:
    assert sorted(path.stem for path in CASES.glob("*.toml")) == NAMES
    assert len(NAMES) > 100


def test_every_edit_and_every_code_has_a_case() -> None:
    cases = [load(name) for name in NAMES]
    assert {edit["do"] for case in cases for edit in case["edits"]} == set(EDITS)
    # Every read error but "unreadable for lack of rights", which root never sees, has a case.
    of_files = {code.value for code in FindingCode if code not in OF_TRUST}
    assert {code for case in cases for code in case["expect"]} == of_files


@pytest.mark.parametrize("form", ["folder", "archive"])
def test_the_good_bundle_has_no_findings(good: dict[str, Path], form: str) -> None:
    assert check_structure(good[form]) == []
    use(good[form])


@pytest.mark.parametrize("name", NAMES)
def test_case_is_found(good: dict[str, Path], name: str, tmp_path: Path) -> None:
    case = load(name)
    place = spoiled(good, case, tmp_path)
    findings = check_structure(place)
    assert main(["verify", str(place)]) == 1
    assert {finding.code.value for finding in findings} == set(case["expect"]), findings
    assert case.get("says", "") in " ".join(map(str, findings))
    for finding in findings:
        assert f"{finding}".isprintable()
        assert len(f"{finding.path}") <= 240


@pytest.mark.parametrize("name", NAMES)
def test_reading_a_case_raises_fieldpack_errors_only(
    good: dict[str, Path], name: str, tmp_path: Path
) -> None:
    """What a reader must notice it refuses; what only `verify` looks for it may read."""
    case = load(name)
    bundle = spoiled(good, case, tmp_path)
    codes = {FindingCode(code) for code in case["expect"]}
    if codes & SEEN_BY_READERS or codes == {FindingCode.PATH}:
        with pytest.raises(BundleError):
            use(bundle)
    else:
        with contextlib.suppress(FieldpackError):
            use(bundle)


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("path_")])
def test_a_manifest_with_an_illegal_path_is_not_even_opened(
    good: dict[str, Path], name: str, tmp_path: Path
) -> None:
    with pytest.raises(BundleError, match="illegal path"):
        open_bundle(spoiled(good, load(name), tmp_path))


def use(path: Path) -> None:
    """Everything that a reader offers."""
    with open_bundle(path) as bundle:
        for name in bundle.manifest.files:
            bundle.read(name)
        for flavour in bundle.manifest.flavours:
            assert bundle.path(flavour.path).exists()
            bundle.flavour_golden(flavour.name)
        for output in bundle.manifest.contract.outputs:
            bundle.labels(output.name)
        bundle.golden_inputs()
        bundle.golden_outputs()


def test_every_header_byte_of_an_archive_counts(good: dict[str, Path], tmp_path: Path) -> None:
    """Each byte outside the stored data, with one seeded bit flipped, is a finding."""
    place = Path(shutil.copy(good["archive"], tmp_path))
    with place.open("rb") as file:
        entries = read_index(file).entries
    stored = {at for entry in entries for at in range(entry.data_offset, entry.end)}
    headers = [at for at in range(place.stat().st_size) if at not in stored]
    assert len(headers) == 22 + sum(76 + 2 * len(entry.name) for entry in entries)
    source = random.Random(11)
    assert [at for at in headers if not flip_is_found(place, place, at, source.randrange(8))] == []
    assert check_structure(place) == []


def test_seeded_data_bytes_of_an_archive_count(good: dict[str, Path], tmp_path: Path) -> None:
    place = Path(shutil.copy(good["archive"], tmp_path))
    source = random.Random(12)
    sample = source.sample(range(place.stat().st_size), 150)
    assert [at for at in sample if not flip_is_found(place, place, at, source.randrange(8))] == []


def test_seeded_bytes_of_a_folder_count(good: dict[str, Path], tmp_path: Path) -> None:
    bundle = shutil.copytree(good["folder"], tmp_path / "tiny")
    source = random.Random(13)
    for path in sorted(path for path in bundle.rglob("*") if path.is_file()):
        size = path.stat().st_size
        for at in source.sample(range(size), min(6, size)):
            assert flip_is_found(bundle, path, at, source.randrange(8)), (path, at)
    assert check_structure(bundle) == []


def test_seeded_cuts_and_garbage_never_crash(good: dict[str, Path], tmp_path: Path) -> None:
    data = good["archive"].read_bytes()
    source = random.Random(14)
    for number in range(150):
        mangled = bytearray(data[: source.randrange(len(data))] if number % 2 else data)
        for _ in range(source.randrange(1, 20)):
            at = source.randrange(len(mangled) + 1)
            mangled[at : at + source.randrange(4)] = source.randbytes(source.randrange(5))
        place = tmp_path / "mangled.fieldpack"
        place.write_bytes(mangled)
        assert mangled == data or check_structure(place)


def flip_is_found(bundle: Path, path: Path, at: int, bit: int) -> bool:
    """Flip one bit of `path`, check `bundle`, and flip it back."""
    with path.open("r+b", buffering=0) as file:
        file.seek(at)
        byte = file.read(1)
        file.seek(at)
        file.write(bytes([byte[0] ^ 1 << bit]))
        found = bool(check_structure(bundle))
        file.seek(at)
        file.write(byte)
    return found
