"""Layers that move, cut and fill, against numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fieldpack.coreml.neural.conftest import put, run_layer
from fieldpack.errors import ModelFileError

X = np.arange(2 * 3 * 4 * 5, dtype=np.float64).reshape(2, 3, 4, 5)
FIVE = np.arange(2 * 1 * 4 * 3 * 2, dtype=np.float64).reshape(2, 1, 4, 3, 2)


def same(found: Any, expected: Any) -> None:
    assert np.shape(found) == np.shape(expected)
    np.testing.assert_array_equal(found, expected)


def test_flatten_reads_channel_first_or_last() -> None:
    same(run_layer("flatten", X), X.reshape(2, 60, 1, 1))
    same(run_layer("flatten", X, mode=1), X.transpose(0, 2, 3, 1).reshape(2, 60, 1, 1))
    same(run_layer("flattenTo2D", X, axis=1), X.reshape(2, 60))
    same(run_layer("flattenTo2D", X, axis=-1), X.reshape(24, 5))
    same(run_layer("flattenTo2D", X, axis=0), X.reshape(1, 120))


def test_reshape_keeps_the_sequence_or_sets_it() -> None:
    same(run_layer("reshape", FIVE, targetShape=[2, 6, 2]), FIVE.reshape(2, 1, 2, 6, 2))
    same(run_layer("reshape", FIVE, targetShape=[1, 8, 3, 2]), FIVE.reshape(1, 1, 8, 3, 2))
    last = FIVE.transpose(0, 1, 3, 4, 2).reshape(2, 1, 6, 2, 2).transpose(0, 1, 4, 2, 3)
    same(run_layer("reshape", FIVE, targetShape=[2, 6, 2], mode=1), last)


def test_permute_keeps_the_batch() -> None:
    x = np.arange(2 * 3 * 4 * 5 * 6).reshape(2, 3, 4, 5, 6)
    same(run_layer("permute", x, axis=[0, 3, 1, 2]), x.transpose(0, 1, 4, 2, 3))
    same(run_layer("permute", x, axis=[3, 1, 2, 0]), x.transpose(4, 1, 2, 3, 0)[:, :, ...].swapaxes(0, 0))
    assert run_layer("permute", x, axis=[3, 1, 2, 0]).shape == (6, 3, 4, 5, 2)
    same(run_layer("permute", x), x)
    with pytest.raises(ModelFileError, match="rank 5"):
        run_layer("permute", X)
    with pytest.raises(ModelFileError, match="no order"):
        run_layer("permute", x, axis=[0, 1, 1, 2])


def test_reshapes_of_newer_files() -> None:
    same(run_layer("reshapeStatic", X, targetShape=[6, -1]), X.reshape(6, 20))
    same(run_layer("reshapeDynamic", X, [5, -1, 2]), X.reshape(5, 12, 2))
    same(run_layer("reshapeLike", X, np.zeros((10, 12))), X.reshape(10, 12))
    same(run_layer("rankPreservingReshape", X, targetShape=[0, 12, -1, 1]), X.reshape(2, 12, 5, 1))
    same(run_layer("transpose", X, axes=[3, 1, 2, 0]), X.transpose(3, 1, 2, 0))
    with pytest.raises(ModelFileError, match="cannot be computed"):
        run_layer("reshapeStatic", X, targetShape=[7, -1])


def test_axes_of_size_one() -> None:
    same(run_layer("expandDims", X, axes=[0, 2]), X[None, :, None])
    same(run_layer("expandDims", X, axes=[-2, -1]), X[..., None, None])
    narrow = X[:1, :, :1]
    same(run_layer("squeeze", narrow, axes=[0, -2]), narrow[0, :, 0])
    same(run_layer("squeeze", narrow, squeezeAll=True), narrow[0, :, 0])
    same(run_layer("squeeze", [[3.0]], axes=[0, 1]), [3.0])
    with pytest.raises(ModelFileError, match="another size than 1"):
        run_layer("squeeze", X, axes=[1])


def test_concatenation() -> None:
    same(run_layer("concat", X, X * 2), np.concatenate([X, X * 2], 1))
    same(run_layer("concat", FIVE, FIVE * 2, sequenceConcat=True), np.concatenate([FIVE, FIVE * 2], 0))
    same(run_layer("concatND", X, X[..., :2], axis=-1), np.concatenate([X, X[..., :2]], -1))
    both = np.stack([X, -X], 2).reshape(2, 6, 4, 5)
    same(run_layer("concatND", X, -X, axis=1, interleave=True), both)
    same(run_layer("stack", X, -X, X, axis=-1), np.stack([X, -X, X], -1))
    with pytest.raises(ModelFileError, match="outside the blob"):
        run_layer("concat", [1.0], [2.0])


def test_splits() -> None:
    for found, part in zip(run_layer("split", X, nOutputs=3, outputs=3), np.split(X, 3, 1), strict=True):
        same(found, part)
    for found, part in zip(
        run_layer("splitND", X, axis=-1, splitSizes=[1, 4], outputs=2), np.split(X, [1], -1), strict=True
    ):
        same(found, part)
    for found, part in zip(
        run_layer("splitND", X, axis=2, numSplits=2, outputs=2), np.split(X, 2, 2), strict=True
    ):
        same(found, part)
    with pytest.raises(ModelFileError, match="do not divide"):
        run_layer("split", X, nOutputs=2, outputs=2)
    with pytest.raises(ModelFileError, match="another number of blobs"):
        run_layer("split", X, nOutputs=3, outputs=2)


def test_slices() -> None:
    same(run_layer("slice", X, startIndex=1, endIndex=-1, stride=2, axis=2), X[..., 1:-1:2])
    same(run_layer("slice", X, startIndex=-2, endIndex=3, axis=0, stride=1), X[:, -2:3])
    masks: Any = {
        "beginMasks": [False] * 4,
        "endMasks": [True, False, False, False],
        "squeezeMasks": [True, False, False, False],
    }
    begin: Any = {"beginIds": [1, 0, -1, 4], "endIds": [0, -1, 0, 1], "strides": [1, 1, -1, -2]}
    same(run_layer("sliceStatic", X, **begin, **masks), X[1, 0:-1, -1:0:-1, 4:1:-2])
    same(run_layer("sliceDynamic", X[0, 0], [1, 0], endIds=[4, 5], strides=[2, 1], endMasks=[False, True],
                   beginMasks=[False, True]), X[0, 0, 1:4:2])  # fmt: skip
    full = run_layer("sliceDynamic", X[0, 0], [1, 0], [4, 2], [1, 1], [0, 0], [0, 1], [1, 0])
    same(full, X[0, 0, 1, 0:])
    same(run_layer("sliceBySize", X, [2], axis=3, size=2), X[..., 2:4])


def test_cropping_and_padding() -> None:
    def border(field: Any, edges: Any) -> None:
        for start, end in edges:
            field.borderAmounts.add(startEdgeSize=start, endEdgeSize=end)

    same(run_layer("crop", X, fill=lambda p: border(p.cropAmounts, [(1, 0), (2, 1)])), X[..., 1:, 2:4])
    same(run_layer("crop", X, np.zeros((2, 3, 2, 3)), offset=[1, 2]), X[..., 1:3, 2:5])
    with pytest.raises(ModelFileError, match="outside the blob"):
        run_layer("crop", X, np.zeros((2, 3, 4, 4)), offset=[0, 2])
    for kind, mode in (("constant", "constant"), ("reflection", "reflect"), ("replication", "edge")):

        def fill(params: Any, kind: str = kind) -> None:
            border(params.paddingAmounts, [(1, 2), (0, 3)])
            getattr(params, kind).SetInParent()
            if kind == "constant":
                params.constant.value = 7.0

        edges: Any = ((0, 0), (0, 0), (1, 2), (0, 3))
        filler: Any = {"mode": mode} | ({"constant_values": 7.0} if kind == "constant" else {})
        same(run_layer("padding", X, fill=fill), np.pad(X, edges, **filler))
    pairs = [0, 1, 2, 0, 0, 0, 1, 1]
    wide = np.pad(X, ((0, 1), (2, 0), (0, 0), (1, 1)), constant_values=-2)
    same(run_layer("constantPad", X, padAmounts=pairs, value=-2.0), wide)
    same(run_layer("constantPad", X, pairs, value=-2.0), wide)
    target = [0, 3, 5, 0, 0, 0, 0, 0]
    same(run_layer("constantPad", X, padAmounts=target, padToGivenOutputSizeMode=True),
         np.pad(X, ((0, 1), (2, 0), (0, 0), (0, 0))))  # fmt: skip


def test_channels_and_cells_change_places() -> None:
    x = np.arange(2 * 8 * 2 * 4, dtype=np.float64).reshape(2, 8, 2, 4)
    together = x.reshape(2, 2, 2, 2, 2, 4).transpose(0, 3, 4, 1, 5, 2).reshape(2, 2, 4, 8)
    same(run_layer("reorganizeData", x, mode=1, blockSize=2), together)
    same(run_layer("reorganizeData", together, mode=0, blockSize=2), x)
    shuffled = x.reshape(2, 2, 2, 2, 2, 4).transpose(0, 1, 4, 2, 5, 3).reshape(2, 2, 4, 8)
    same(run_layer("reorganizeData", x, mode=2, blockSize=2), shuffled)
    with pytest.raises(ModelFileError, match="block"):
        run_layer("reorganizeData", x, mode=1, blockSize=1)


def test_repetition_and_stretching() -> None:
    same(run_layer("sequenceRepeat", FIVE, nRepetitions=3), np.tile(FIVE, (3, 1, 1, 1, 1)))
    same(run_layer("tile", X, reps=[1, 2, 1, 3]), np.tile(X, (1, 2, 1, 3)))
    same(run_layer("tile", X[0, 0], [2, 1]), np.tile(X[0, 0], (2, 1)))
    row = X[:1, :1, :1]
    same(run_layer("broadcastToLike", row, X), np.broadcast_to(row, X.shape))
    same(run_layer("broadcastToStatic", row, targetShape=X.shape), np.broadcast_to(row, X.shape))
    same(run_layer("broadcastToDynamic", row, X.shape), np.broadcast_to(row, X.shape))
    same(run_layer("fillLike", X, value=2.5), np.full(X.shape, 2.5))
    same(run_layer("fillStatic", targetShape=[2, 3], value=2.5), np.full((2, 3), 2.5))
    same(run_layer("fillDynamic", [3, 1], value=2.5), np.full((3, 1), 2.5))


@pytest.mark.parametrize(
    ("kind", "blobs", "scalars"),
    [
        ("fillStatic", (), {"targetShape": [2**20, 2**20]}),
        ("fillDynamic", ([2.0**20, 2.0**20],), {}),
        ("tile", (X,), {"reps": [2**20, 2**20, 1, 1]}),
        ("sequenceRepeat", (FIVE,), {"nRepetitions": 2**40}),
        ("upsample", (X,), {"scalingFactor": [2**20, 2**20]}),
        ("resizeBilinear", (X,), {"targetSize": [2**20, 2**20]}),
        ("rangeStatic", (), {"endValue": 1e30, "stepSizeValue": 1e-3}),
        ("oneHot", ([1.0],), {"oneHotVectorSize": 2**40}),
        ("randomNormalStatic", (), {"outputShape": [2**20, 2**20]}),
        ("constantPad", (X,), {"padAmounts": [2**40] * 8}),
    ],
)  # fmt: skip
def test_a_few_bytes_cannot_ask_for_all_memory(kind: Any, blobs: Any, scalars: Any) -> None:
    with pytest.raises(ModelFileError, match=f"(?s){kind}.*(impossible size|do not end)"):
        run_layer(kind, *blobs, **scalars)


def test_constants_and_ranges() -> None:
    data = np.arange(6.0)
    found = run_layer("loadConstant", shape=[3, 2, 1], fill=lambda p: put(p.data, data))
    same(found, data.reshape(1, 1, 3, 2, 1))
    same(run_layer("loadConstantND", shape=[2, 3], fill=lambda p: put(p.data, data)), data.reshape(2, 3))
    same(run_layer("rangeStatic", endValue=5, startValue=1, stepSizeValue=1.5), np.arange(1, 5, 1.5))
    same(run_layer("rangeDynamic", [4.0], startValue=1, stepSizeValue=1), [1, 2, 3])
    same(run_layer("rangeDynamic", [1.0], [4.0], [-2.0]), [4, 2])
    with pytest.raises(ModelFileError, match="do not end"):
        run_layer("rangeStatic", endValue=5)


def test_gathering() -> None:
    same(run_layer("gather", X, [[2, 0], [-1, 1]], axis=1), X[:, [[2, 0], [-1, 1]]])
    same(run_layer("gatherND", X, [[1, 2], [0, -1]]), X[[1, 0], [2, -1]])
    places = np.array([[0, 2, 1], [1, -1, 0]])
    flat = X[0, 0, :2, :3]
    same(run_layer("gatherAlongAxis", flat, places, axis=1), np.take_along_axis(flat, places, 1))
    with pytest.raises(ModelFileError, match="outside the blob"):
        run_layer("gather", X, [3], axis=1)


@pytest.mark.parametrize(
    ("mode", "function"),
    enumerate([lambda a, b: b, np.add, np.subtract, np.multiply, np.divide, np.maximum, np.minimum]),
)
def test_scattering(mode: int, function: Any) -> None:
    data, new = X[0, 0] + 1, np.array([[5.0, 50.0, 4.0, 2.0, 1.0], [3.0, 0.5, 60.0, 8.0, 9.0]])
    expected = data.copy()
    expected[[3, 1]] = function(data[[3, 1]], new)
    np.testing.assert_allclose(
        run_layer("scatter", data, [-1, 1], new, axis=0, mode=mode), expected, rtol=1e-6
    )
    np.testing.assert_allclose(run_layer("scatterND", data, [[3], [1]], new, mode=mode), expected, rtol=1e-6)
    along = data.copy()
    along[2, 3], along[0, 4] = function(data[2, 3], 5.0), function(data[0, 4], 6.0)
    found = run_layer("scatterAlongAxis", data[:, 3:], [[2, 0]], [[5.0, 6.0]], axis=0, mode=mode)
    np.testing.assert_allclose(found, along[:, 3:], rtol=1e-6)


def test_order_and_extremes() -> None:
    x = np.array([[3.0, 1.0, 3.0, 2.0], [0.0, -1.0, 5.0, 5.0]])
    values, places = run_layer("topK", x, axis=-1, K=2, outputs=2)
    same(values, [[3, 3], [5, 5]])
    same(places, [[0, 2], [2, 3]])
    same(run_layer("topK", x, [1], axis=1, useBottomK=True, outputs=2)[1], [[1], [1]])
    same(run_layer("argMax", x, axis=1, removeDim=True), [0, 2])
    same(run_layer("argMin", x, axis=1), [[1], [1]])
    same(run_layer("argMax", [1.0, 4.0], axis=0, removeDim=True), [1])
    same(run_layer("argSort", x, axis=1), [[1, 3, 0, 2], [1, 0, 2, 3]])
    same(run_layer("argSort", x, axis=1, descending=True), [[0, 2, 3, 1], [2, 3, 0, 1]])
    same(run_layer("reverse", X, reverseDim=[True, False, False, True]), X[::-1, :, :, ::-1])
    turned = X[0, 0].copy()
    turned[0, :3], turned[2, :2] = turned[0, 2::-1].copy(), turned[2, 1::-1].copy()
    same(run_layer("reverseSeq", X[0, 0], [3, 1, 2, 0], batchAxis=0, sequenceAxis=1), turned)


def test_matrices_and_windows() -> None:
    same(run_layer("lowerTriangular", X, k=-1), np.tril(X, -1))
    same(run_layer("upperTriangular", X, k=1), np.triu(X, 1))
    rows, columns = np.indices((4, 5))
    band = (rows - columns <= 1) & (columns - rows <= 2)
    same(run_layer("matrixBandPart", X, numLower=1, numUpper=2), X * band)
    windows = np.stack([X[..., 0:3], X[..., 2:5]], -2)
    same(run_layer("slidingWindows", X, axis=-1, windowSize=3, step=2), windows)
    same(run_layer("oneHot", [[1, 3]], oneHotVectorSize=4, axis=-1, onValue=2.0, offValue=-1.0),
         [[[-1, 2, -1, -1], [-1, -1, -1, 2]]])  # fmt: skip
    same(run_layer("oneHot", [1, 0], [2], axis=0, onValue=1.0), [[0, 1], [1, 0]])
    same(run_layer("cumSum", X, axis=2), np.cumsum(X, 2))
    exclusive = np.cumsum(X[..., ::-1], -1)[..., ::-1] - X
    same(run_layer("cumSum", X, [-1], excludeFinalSum=True, reverse=True), exclusive)


def test_random_numbers_have_their_distribution_and_repeat() -> None:
    for form, blobs in (("Like", (np.zeros((200, 100)),)), ("Static", ()), ("Dynamic", ([200, 100],))):
        extra: Any = {"outputShape": [200, 100]} if form == "Static" else {}
        normal = run_layer(f"randomNormal{form}", *blobs, mean=2.0, stdDev=0.5, seed=3, **extra)
        assert normal.shape == (200, 100)
        assert (abs(normal.mean() - 2) < 0.02, abs(normal.std() - 0.5) < 0.02) == (True, True)
        same(run_layer(f"randomNormal{form}", *blobs, mean=2.0, stdDev=0.5, seed=3, **extra), normal)
        flat = run_layer(f"randomUniform{form}", *blobs, minVal=-1.0, maxVal=3.0, seed=3, **extra)
        assert (flat.min() >= -1, flat.max() <= 3, abs(flat.mean() - 1) < 0.05) == (True, True, True)
        coins = run_layer(f"randomBernoulli{form}", *blobs, prob=0.25, seed=3, **extra)
        assert set(np.unique(coins)) == {0.0, 1.0}
        assert abs(coins.mean() - 0.25) < 0.02
    drawn = run_layer("categoricalDistribution", [[0.1, 0.0, 0.9]], numSamples=2000, seed=1)
    assert drawn.shape == (1, 2000)
    assert abs((drawn == 2).mean() - 0.9) < 0.03
    assert not (drawn == 1).any()
