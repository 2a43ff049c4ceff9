"""Stored weights in the forms that only the compressors write, unpacked against float64 loops.

The sub-byte types of these operators cannot be given by a package input, so the files are called
directly; ``weights_test`` runs what the compressors write.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from fieldpack.coreml.operator import find_operator
from fieldpack.errors import ModelFileError

torch = pytest.importorskip("torch", reason='pip install "fieldpack[coreml-reference]"')

MASK = np.array([[1, 0, 1, 1], [0, 1, 1, 0]], np.uint8)
CODES = np.array([3, 1, 0, 2, 2], np.uint8)


def run(name: str, *arguments: Any, **named: Any) -> Any:
    return find_operator(name, "CoreML8").run(*arguments, **named)


def tensor(array: Any) -> Any:
    return torch.from_numpy(np.asarray(array))


def spread(values: Any) -> Any:
    dense = np.zeros(MASK.shape)
    dense[MASK == 1] = values
    return dense


def table(*shape: int) -> Any:
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize(
    ("blocks", "vector_axis"),
    [((1, 1), 0), ((1, 1), 1), ((1, 1), -1), ((2, 1), 0), ((2, 3), 1), ((4, 1), -2)],
)
def test_palettes_of_vectors_in_groups(blocks: Any, vector_axis: Any) -> None:
    indices = np.random.default_rng(1).integers(0, 4, (4, 6)).astype(np.uint8)
    lut = table(*blocks, 4, 3)
    axis = vector_axis % 2
    expected = np.zeros((12, 6) if axis == 0 else (4, 18))
    for i, j, k in itertools.product(range(4), range(6), range(3)):
        entry = lut[i * blocks[0] // 4, j * blocks[1] // 6, indices[i, j], k]
        expected[(i * 3 + k, j) if axis == 0 else (i, j * 3 + k)] = entry
    found = run("constexpr_lut_to_dense", tensor(indices), tensor(lut), vector_axis=vector_axis)
    np.testing.assert_array_equal(found.numpy(), expected.astype(np.float32))


@pytest.mark.parametrize(("blocks", "bits"), [((1, 1), 1), ((2, 1), 3), ((2, 2), 6), ((1, 4), 8)])
def test_palettes_of_numbers_in_groups(blocks: Any, bits: Any) -> None:
    indices = np.random.default_rng(2).integers(0, 2**bits, (4, 8)).astype(np.uint8)
    lut = table(*blocks, 2**bits, 1)
    found = run("constexpr_lut_to_dense", tensor(indices), tensor(lut))
    for i, j in itertools.product(range(4), range(8)):
        assert found[i, j] == lut[i * blocks[0] // 4, j * blocks[1] // 8, indices[i, j], 0]


def test_a_palette_is_looked_up_piece_by_piece(monkeypatch: Any) -> None:
    indices = np.random.default_rng(3).integers(0, 4, (8, 3, 2)).astype(np.uint8)
    lut = table(4, 1, 2, 4, 2)
    whole = run("constexpr_lut_to_dense", tensor(indices), tensor(lut), vector_axis=1)
    monkeypatch.setattr("fieldpack.coreml.ops._palette._PIECE", 7)
    pieces = run("constexpr_lut_to_dense", tensor(indices), tensor(lut), vector_axis=1)
    np.testing.assert_array_equal(whole.numpy(), pieces.numpy())


def test_an_index_outside_its_palette_is_refused() -> None:
    indices = tensor(np.array([[0, 2]], np.uint8))
    with pytest.raises(ModelFileError, match="leaves its palette"):
        run("constexpr_lut_to_dense", indices, tensor(table(1, 2, 2, 1)))


def test_a_palette_of_vectors_needs_its_axis_and_whole_groups() -> None:
    indices = tensor(np.zeros((4, 6), np.uint8))
    with pytest.raises(ModelFileError, match="vector_axis"):
        run("constexpr_lut_to_dense", indices, tensor(table(1, 1, 4, 2)))
    with pytest.raises(ModelFileError, match="do not divide"):
        run("constexpr_lut_to_dense", indices, tensor(table(3, 1, 4, 1)))
    with pytest.raises(ModelFileError, match="another rank"):
        run("constexpr_lut_to_dense", indices, tensor(table(1, 4, 1)))


def test_a_packed_palette_has_a_size_of_a_power_of_two() -> None:
    with pytest.raises(ModelFileError, match="odd size"):
        run("constexpr_lut_to_dense", tensor(np.zeros(3, np.uint8)), tensor(table(5)), shape=(4,))


@pytest.mark.parametrize("vector_axis", [None, 0, 1])
def test_sparse_palettes(vector_axis: Any) -> None:
    width = 1 if vector_axis is None else 2
    lut = table(1, 1, 4, width)
    mask, kept = run("constexpr_lut_to_sparse", tensor(MASK), tensor(CODES), tensor(lut), vector_axis)
    axis = 0 if vector_axis is None else vector_axis
    wide = np.repeat(MASK, width, axis=axis)
    np.testing.assert_array_equal(mask.numpy(), wide)
    dense = np.zeros(wide.shape, np.float32)
    codes = spread(CODES).astype(int)
    for i, j, k in itertools.product(range(2), range(4), range(width)):
        if MASK[i, j]:
            dense[(i * width + k, j) if axis == 0 else (i, j * width + k)] = lut[0, 0, codes[i, j], k]
    np.testing.assert_array_equal(kept.numpy(), dense[wide == 1])


@pytest.mark.parametrize("offset", [None, np.array([[3, -1], [0, 5]], np.int8)])
def test_sparse_quantised_blocks(offset: Any) -> None:
    codes = np.array([-128, 5, 0, 127, -7], np.int8)
    scale = np.array([[0.5, 0.25], [2.0, 1.0]], np.float32)
    mask, kept = run(
        "constexpr_sparse_blockwise_shift_scale",
        tensor(MASK),
        tensor(codes),
        tensor(scale),
        None if offset is None else tensor(offset),
    )
    np.testing.assert_array_equal(mask.numpy(), MASK)
    expected = []
    for code, (i, j) in zip(codes, np.argwhere(MASK), strict=True):
        shift = 0.0 if offset is None else float(offset[i, j // 2])
        expected.append(float(scale[i, j // 2]) * (float(code) - shift))
    assert kept.tolist() == expected


def test_another_number_of_kept_values_is_refused() -> None:
    with pytest.raises(ModelFileError, match="another number of values"):
        run("constexpr_sparse_blockwise_shift_scale", tensor(MASK), tensor(CODES[:4]), tensor(table(1, 1)))


def test_dequantize_along_an_axis() -> None:
    codes = np.array([[-128, 0, 127], [1, 2, 3]], np.int8)
    scale, zero = np.array([0.5, 0.25, 2.0], np.float32), np.array([1, -1, 3], np.int8)
    found = run("dequantize", tensor(codes), tensor(scale), tensor(zero), axis=-1)
    expected = scale.astype(float) * (codes.astype(float) - zero.astype(float))
    assert found.tolist() == expected.tolist()
    with pytest.raises(ModelFileError, match="another length"):
        run("dequantize", tensor(codes), tensor(scale), tensor(zero), axis=0)
