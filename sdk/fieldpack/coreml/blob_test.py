"""Weight files, most of them wrong."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldpack.coreml.blob import BLOB_TYPES, BlobFile, unpack_bits
from fieldpack.coreml.conftest import blob_file
from fieldpack.errors import ModelFileError, StorageError


def opened(tmp_path: Path, data: bytes) -> BlobFile:
    path = tmp_path / "weight.bin"
    path.write_bytes(data)
    return BlobFile(path)


def test_reads_every_blob_in_its_own_type(tmp_path: Any) -> None:
    halves = np.array([1.5, -2.0, 65504.0], np.float16)
    singles = np.array([0.1, -7.0], np.float32)
    codes = np.array([-128, 0, 127], np.int8)
    file = opened(
        tmp_path, blob_file((1, halves.tobytes(), 0), (2, singles.tobytes(), 0), (4, codes.tobytes(), 0))
    )
    for offset, expected in ((64, halves), (192, singles), (320, codes)):
        blob, data = file.read(offset)
        assert blob.count == expected.size
        assert data.dtype == expected.dtype
        np.testing.assert_array_equal(data, expected)


def test_views_are_read_only(tmp_path: Any) -> None:
    _, data = opened(tmp_path, blob_file((2, bytes(8), 0))).read(64)
    with pytest.raises(ValueError, match="read-only"):
        data[0] = 1.0


def test_int4_is_packed_low_nibble_first(tmp_path: Any) -> None:
    # 0x9f: low nibble f = -1, high nibble 9 = -7; 0x07: low nibble 7, high nibble is padding
    blob, data = opened(tmp_path, blob_file((8, b"\x9f\x07", 4))).read(64)
    assert blob.dtype == "int4"
    assert data.tolist() == [-1, -7, 7]


def test_uint3_runs_over_byte_borders(tmp_path: Any) -> None:
    # 1 | 2 << 3 | 7 << 6 | 4 << 9 = 0b100_111_010_001 -> 0xd1 0x09
    _, data = opened(tmp_path, blob_file((12, b"\xd1\x09", 4))).read(64)
    assert data.tolist() == [1, 2, 7, 4]


@given(st.integers(1, 8), st.lists(st.integers(0, 255), max_size=40), st.booleans())
@settings(max_examples=60, deadline=None)
def test_unpacking_inverts_packing(bits: Any, values: Any, signed: Any) -> None:
    codes = [value % (1 << bits) for value in values]
    packed = sum(code << (bits * i) for i, code in enumerate(codes))
    raw = np.frombuffer(packed.to_bytes((len(codes) * bits + 7) // 8, "little"), np.uint8)
    expected = [c - (1 << bits) if signed and c >= 1 << (bits - 1) else c for c in codes]
    assert unpack_bits(raw, bits, len(codes), signed).tolist() == expected


def damaged(offset: int, form: str, *numbers: int) -> bytes:
    """A good file of one float32 blob with four values, with bytes replaced at ``offset``."""
    data = bytearray(blob_file((2, bytes(16), 0)))
    patch = struct.pack(form, *numbers)
    data[offset : offset + len(patch)] = patch
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "too short"),
        (bytes(63), "too short"),
        (damaged(4, "<I", 1), "unknown version"),
        (damaged(64, "<I", 0xDEADBEEE), "damaged record"),
        (damaged(68, "<I", 0), "unknown data type"),
        (damaged(68, "<I", 99), "unknown data type"),
        (damaged(72, "<Q", 10**6), "leave the file"),
        (damaged(72, "<Q", 2**64 - 1), "leave the file"),
        (damaged(80, "<Q", 2**63), "leave the file"),
        (damaged(80, "<Q", 129), "leave the file"),
        (damaged(80, "<Q", 0), "leave the file"),
        (damaged(72, "<Q", 15), "does not fit float32"),
        (damaged(88, "<Q", 8), "does not fit float32"),
        (damaged(88, "<Q", 32), "does not fit float32"),
    ],
)
def test_damaged_files_are_refused(tmp_path: Any, data: Any, word: Any) -> None:
    with pytest.raises(ModelFileError, match=word):
        opened(tmp_path, data).read(64)


@pytest.mark.parametrize("offset", [0, 1, 65, 128, 192, 2**62])
def test_offsets_without_a_record_are_refused(tmp_path: Any, offset: Any) -> None:
    with pytest.raises(ModelFileError, match="record"):
        opened(tmp_path, blob_file((2, bytes(16), 0))).read(offset)


def test_truncated_data_are_refused(tmp_path: Any) -> None:
    whole = blob_file((2, bytes(1024), 0))
    with pytest.raises(ModelFileError, match="leave the file"):
        opened(tmp_path, whole[:-512]).read(64)


def test_missing_file_is_a_storage_error(tmp_path: Any) -> None:
    with pytest.raises(StorageError):
        BlobFile(tmp_path / "none.bin")


@pytest.mark.full
def test_numbers_and_packing_are_those_of_the_public_writer(tmp_path: Any) -> None:
    """The writer that ships with coremltools is the oracle for the table of types."""
    storage = pytest.importorskip("coremltools.libmilstoragepython", reason="pip install coremltools")
    path = tmp_path / "weight.bin"
    writer = storage._BlobStorageWriter(str(path))
    values: dict[str, list[Any]] = {
        "uint1": [1, 0, 0, 1, 1],
        "uint2": [3, 0, 2, 1, 3],
        "uint3": [7, 1, 4, 0, 6],
        "uint4": [15, 3, 8, 0, 9],
        "uint6": [63, 1, 32, 0, 7],
        "uint8": [255, 0, 7],
        "uint16": [65535, 3],
        "uint32": [2**32 - 1, 4],
        "int4": [-8, 7, -1, 0, 3],
        "int8": [-128, 127],
        "int16": [-32768, 9],
        "int32": [-(2**31), 5],
    }
    offsets = {}
    for name, numbers in values.items():
        carrier = next(kind.carrier for kind in BLOB_TYPES.values() if kind.name == name)
        offsets[name] = getattr(writer, f"write_{name}_data")(np.array(numbers, carrier))
    offsets["float32"] = writer.write_float_data(np.array([0.5, -3.25], np.float32))
    values["float32"] = [0.5, -3.25]
    del writer
    file = BlobFile(path)
    for name, numbers in values.items():
        blob, data = file.read(offsets[name])
        assert blob.dtype == name
        assert data.tolist() == numbers
