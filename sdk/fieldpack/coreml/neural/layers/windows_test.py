"""Layers with weights, windows, grids and norms, against loops over numpy in float64."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from fieldpack.coreml.neural.conftest import put, run_layer
from fieldpack.errors import ModelFileError

RNG = np.random.default_rng(7)
X = RNG.normal(size=(2, 4, 7, 6)).astype(np.float32).astype(np.float64)


def close(found: Any, expected: Any, tol: float = 1e-5) -> None:
    assert np.shape(found) == np.shape(expected)
    np.testing.assert_allclose(found, expected, rtol=tol, atol=tol)


def numbers(*shape: int) -> Any:
    return RNG.normal(size=shape).astype(np.float32).astype(np.float64)


def correlate(x: Any, w: Any, stride: Any, dilation: Any, groups: int) -> Any:
    """Convolution of a padded blob, cell by cell."""
    out, inner = w.shape[:2]
    spans = [(k - 1) * d + 1 for k, d in zip(w.shape[2:], dilation, strict=True)]
    sizes = [(n - s) // step + 1 for n, s, step in zip(x.shape[2:], spans, stride, strict=True)]
    y = np.zeros((x.shape[0], out, *sizes))
    for o, i, j in itertools.product(range(out), *map(range, sizes)):
        first = o // (out // groups) * inner
        top, left = i * stride[0], j * stride[1]
        window = x[
            :, first : first + inner, top : top + spans[0] : dilation[0], left : left + spans[1] : dilation[1]
        ]
        y[:, o, i, j] = (window * w[o]).sum((1, 2, 3))
    return y


def padding_of(params: Any, form: Any) -> None:
    if form in ("same", "same_upper"):
        params.same.asymmetryMode = int(form == "same_upper")
        params.same.SetInParent()
        return
    params.valid.SetInParent()
    for start, end in form:
        params.valid.paddingAmounts.borderAmounts.add(startEdgeSize=start, endEdgeSize=end)


def amounts(form: Any, sizes: Any, spans: Any, stride: Any) -> Any:
    if form not in ("same", "same_upper"):
        return form or [(0, 0), (0, 0)]
    found = []
    for n, span, step in zip(sizes, spans, stride, strict=True):
        total = max(0, (-(-n // step) - 1) * step + span - n)
        found.append((total // 2, total - total // 2) if form == "same" else (total - total // 2, total // 2))
    return found


@pytest.mark.parametrize("form", [[], [(1, 2), (0, 1)], "same", "same_upper"])
@pytest.mark.parametrize(
    ("stride", "dilation", "groups"), [((1, 1), (1, 1), 1), ((2, 3), (1, 1), 2), ((1, 2), (2, 1), 4)]
)
def test_convolution(form: Any, stride: Any, dilation: Any, groups: int) -> None:
    weight, bias = numbers(8, 4 // groups, 2, 3), numbers(8)

    def fill(params: Any) -> None:
        padding_of(params, form)
        put(params.weights, weight)
        put(params.bias, bias)

    spans = [(k - 1) * d + 1 for k, d in zip((2, 3), dilation, strict=True)]
    around = amounts(form, X.shape[2:], spans, stride)
    expected = correlate(np.pad(X, [(0, 0), (0, 0), *around]), weight, stride, dilation, groups)
    found = run_layer(
        "convolution", X, fill=fill, outputChannels=8, kernelChannels=4 // groups, nGroups=groups,
        hasBias=True, kernelSize=[2, 3], stride=list(stride), dilationFactor=list(dilation),
    )  # fmt: skip
    close(found, expected + bias[:, None, None])


def test_convolution_takes_leading_axes_and_a_computed_kernel() -> None:
    weight = numbers(3, 4, 3, 3)
    scalars: Any = {"outputChannels": 3, "kernelChannels": 4}
    expected = correlate(X, weight, (1, 1), (1, 1), 1)
    found = run_layer("convolution", X[None], weight, fill=lambda p: padding_of(p, []), **scalars)
    close(found, expected[None])
    with pytest.raises(ModelFileError, match="no padding"):
        run_layer("convolution", X, fill=lambda p: put(p.weights, weight), **scalars)


def spread(x: Any, w: Any, stride: Any, groups: int) -> Any:
    """Full deconvolution, cell by cell."""
    per = w.shape[1]
    sizes = [(n - 1) * step + k for n, step, k in zip(x.shape[2:], stride, w.shape[2:], strict=True)]
    y = np.zeros((x.shape[0], per * groups, *sizes))
    for c, i, j in itertools.product(*map(range, x.shape[1:])):
        first = c // (x.shape[1] // groups) * per
        top, left = i * stride[0], j * stride[1]
        part = x[:, c, i, j][:, None, None, None] * w[c][None]
        y[:, first : first + per, top : top + w.shape[2], left : left + w.shape[3]] += part
    return y


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("form", [[(1, 0), (0, 2)], "same", "same_upper", "shape"])
def test_deconvolution(form: Any, groups: int) -> None:
    weight, bias, stride = numbers(4, 6 // groups, 3, 4), numbers(6), (2, 1)
    full = spread(X, weight, stride, groups)

    def fill(params: Any) -> None:
        if form != "shape":
            padding_of(params, form)
        put(params.weights, weight)
        put(params.bias, bias)

    target = {"shape": (14, 7)}.get(str(form), (14, 6))
    cuts = form if isinstance(form, list) else []
    for have, want in zip(full.shape[2:], target, strict=True):
        if not isinstance(form, list):
            total = have - want
            upper = form == "same_upper"
            cuts = [*cuts, (total - total // 2, total // 2) if upper else (total // 2, total - total // 2)]
    (top, bottom), (left, right) = cuts
    expected = full[:, :, top : full.shape[2] - bottom, left : full.shape[3] - right]
    found = run_layer(
        "convolution", X, fill=fill, isDeconvolution=True, outputChannels=6, kernelChannels=4, nGroups=groups,
        kernelSize=[3, 4], stride=list(stride), hasBias=True, outputShape=[14, 7] if form == "shape" else [],
    )  # fmt: skip
    close(found, expected + bias[:, None, None])


def test_deconvolution_spreads_by_its_dilation() -> None:
    weight, wide = numbers(4, 2, 2, 2), np.zeros((4, 2, 3, 4))
    wide[:, :, ::2, ::3] = weight

    def fill(params: Any) -> None:
        padding_of(params, [])
        put(params.weights, weight)

    found = run_layer(
        "convolution", X, fill=fill, isDeconvolution=True, outputChannels=2, kernelChannels=4,
        kernelSize=[2, 2], stride=[2, 1], dilationFactor=[2, 3],
    )  # fmt: skip
    close(found, spread(X, wide, (2, 1), 1))


def pooled(x: Any, kind: int, kernel: Any, stride: Any, around: Any, sizes: Any, alone: bool) -> Any:
    """Pool over windows that may stick out, cell by cell."""
    height, width = x.shape[2:]
    y = np.zeros((*x.shape[:2], *sizes))
    for i, j in itertools.product(*map(range, sizes)):
        top, left = i * stride[0] - around[0][0], j * stride[1] - around[1][0]
        window = x[:, :, max(0, top) : max(0, top + kernel[0]), max(0, left) : max(0, left + kernel[1])]
        rows = min(top + kernel[0], height + around[0][1]) - top
        columns = min(left + kernel[1], width + around[1][1]) - left
        count = window.shape[2] * window.shape[3] if alone else rows * columns
        if kind == 0:
            y[:, :, i, j] = window.max((2, 3))
        elif kind == 1:
            y[:, :, i, j] = window.sum((2, 3)) / count
        else:
            y[:, :, i, j] = np.sqrt((window**2).sum((2, 3)))
    return y


@pytest.mark.parametrize("kind", [0, 1, 2])
@pytest.mark.parametrize("alone", [False, True])
@pytest.mark.parametrize("form", [[], [(1, 1), (0, 1)], "same", "same_upper", "last"])
def test_pooling(kind: int, alone: bool, form: Any) -> None:
    kernel, stride = (3, 2), (2, 3)

    def fill(params: Any) -> None:
        if form == "last":
            params.includeLastPixel.paddingAmounts.extend([1, 0])
        else:
            padding_of(params, form)

    if form == "last":
        around = [(1, 1), (0, 0)]
        sizes = [
            -(-(n + 2 * p - k) // s) + 1
            for n, (p, _), k, s in zip((7, 6), around, kernel, stride, strict=True)
        ]
        for axis in range(2):
            if (sizes[axis] - 1) * stride[axis] >= (7, 6)[axis] + around[axis][0]:
                sizes[axis] -= 1
    else:
        around = amounts(form, (7, 6), kernel, stride)
        sizes = [(n + sum(p) - k) // s + 1 for n, p, k, s in zip((7, 6), around, kernel, stride, strict=True)]
    found = run_layer(
        "pooling",
        X,
        fill=fill,
        type=kind,
        kernelSize=list(kernel),
        stride=list(stride),
        avgPoolExcludePadding=alone,
    )
    close(found, pooled(X, kind, kernel, stride, around, sizes, alone))


def test_global_pooling() -> None:
    close(run_layer("pooling", X, globalPooling=True), X.max((2, 3), keepdims=True))
    close(run_layer("pooling", X, globalPooling=True, type=1), X.mean((2, 3), keepdims=True))
    close(run_layer("pooling", X, globalPooling=True, type=2), np.sqrt((X**2).sum((2, 3), keepdims=True)))
    close(run_layer("globalPooling3d", X[None]), X[None].max((-3, -2, -1), keepdims=True))
    close(run_layer("globalPooling3d", X[None], type=1), X[None].mean((-3, -2, -1), keepdims=True))


def test_inner_products_by_rank() -> None:
    weight, bias = numbers(3, 4), numbers(3)

    def fill(params: Any) -> None:
        put(params.weights, weight)
        put(params.bias, bias)

    scalars: Any = {"inputChannels": 4, "outputChannels": 3, "hasBias": True}
    row = numbers(4)
    close(run_layer("innerProduct", row, fill=fill, **scalars), weight @ row + bias)
    block = numbers(2, 5, 4)
    close(run_layer("innerProduct", block, fill=fill, **scalars), block @ weight.T + bias)
    four = numbers(2, 2, 1, 2)
    expected = four.reshape(2, 4) @ weight.T + bias
    close(run_layer("innerProduct", four, fill=fill, **scalars), expected[:, :, None, None])
    five = numbers(2, 1, 4, 1, 1)
    expected = five.reshape(2, 1, 4) @ weight.T + bias
    close(run_layer("innerProduct", five, fill=fill, **scalars), expected[..., None, None])
    with pytest.raises(ModelFileError, match=r"innerProduct.*cannot be computed"):
        run_layer("innerProduct", numbers(5), fill=fill, **scalars)


def test_matrix_products() -> None:
    a, b = numbers(2, 3, 4), numbers(4, 5)
    close(run_layer("batchedMatmul", a, b), a @ b)
    close(run_layer("batchedMatmul", a.swapaxes(1, 2), b.T, transposeA=True, transposeB=True), a @ b)
    close(run_layer("batchedMatmul", b[:, 0], b[:, 1]), (b[:, 0] @ b[:, 1]).reshape(1, 1))
    bias = numbers(5)

    def fill(params: Any) -> None:
        put(params.weights, b.T)
        put(params.bias, bias)

    scalars: Any = {"weightMatrixFirstDimension": 4, "weightMatrixSecondDimension": 5, "hasBias": True}
    close(run_layer("batchedMatmul", a, fill=fill, **scalars), a @ b + bias)


def test_tables() -> None:
    table, bias = numbers(3, 6), numbers(3)

    def fill(params: Any) -> None:
        put(params.weights, table)
        put(params.bias, bias)

    places = np.array([[5, 0], [2, 2]])
    expected = table.T[places] + bias
    old: Any = {"inputDim": 6, "outputChannels": 3, "hasBias": True}
    close(run_layer("embedding", places[..., None, None, None], fill=fill, **old), expected[..., None, None])
    new: Any = {"vocabSize": 6, "embeddingSize": 3, "hasBias": True}
    close(run_layer("embeddingND", places[..., None], fill=fill, **new), expected)
    with pytest.raises(ModelFileError, match="outside the table"):
        run_layer("embeddingND", [[6.0]], fill=fill, **new)
    with pytest.raises(ModelFileError, match="no single places"):
        run_layer("embedding", places, fill=fill, **old)


def test_norms() -> None:
    g, b, m, v = numbers(4), numbers(4), numbers(4), np.abs(numbers(4)) + 0.5
    over = [w[:, None, None] for w in (g, b, m, v)]

    def fill(params: Any) -> None:
        for name, values in zip(("gamma", "beta", "mean", "variance"), (g, b, m, v), strict=True):
            put(getattr(params, name), values)

    expected = over[0] * (X - over[2]) / np.sqrt(over[3] + 0.25) + over[1]
    close(run_layer("batchnorm", X, fill=fill, channels=4, epsilon=0.25), expected)
    expected = over[0] * (X - over[2]) / np.sqrt(over[3] + 1e-5) + over[1]
    close(run_layer("batchnorm", X, fill=fill, channels=4), expected)
    for instance, axes in ((True, (2, 3)), (False, (0, 2, 3))):
        normed = (X - X.mean(axes, keepdims=True)) / np.sqrt(X.var(axes, keepdims=True) + 1e-5)
        found = run_layer(
            "batchnorm", X, fill=fill, channels=4, computeMeanVar=True, instanceNormalization=instance
        )
        close(found, over[0] * normed + over[1])
    for across, axes in ((True, (1, 2, 3)), (False, (2, 3))):
        centred = X - X.mean(axes, keepdims=True)
        close(run_layer("mvn", X, acrossChannels=across), centred)
        found = run_layer("mvn", X, acrossChannels=across, normalizeVariance=True, epsilon=0.5)
        close(found, centred / np.sqrt(X.var(axes, keepdims=True) + 0.5))
    close(run_layer("l2normalize", X, epsilon=2.0), X / np.sqrt((X**2).sum((1, 2, 3), keepdims=True) + 2))

    def layer(params: Any) -> None:
        put(params.gamma, np.tile(g[0], 6))
        put(params.beta, np.arange(6.0))

    normed = (X - X.mean(-1, keepdims=True)) / np.sqrt(X.var(-1, keepdims=True) + 0.1)
    found = run_layer("layerNormalization", X, fill=layer, normalizedShape=[6], eps=0.1)
    close(found, normed * g[0] + np.arange(6.0))


def test_local_response_norm() -> None:
    squares = np.pad(X**2, [(0, 0), (1, 1), (0, 0), (0, 0)])
    total = squares[:, :-2] + squares[:, 1:-1] + squares[:, 2:]
    found = run_layer("lrn", X, alpha=0.5, beta=0.75, localSize=3, k=2.0)
    close(found, X / (2 + 0.5 / 3 * total) ** 0.75)
    found = run_layer("lrn", X, alpha=0.5, beta=0.75, localSize=1)
    close(found, X / (1 + 0.5 * X**2) ** 0.75)


def test_softmax_scale_bias_and_dot() -> None:
    close(run_layer("softmaxND", X, axis=-1), np.exp(X) / np.exp(X).sum(-1, keepdims=True))
    channel, picture = numbers(4), numbers(1, 7, 6)

    def fill(params: Any) -> None:
        put(params.scale, channel)
        put(params.bias, picture)

    found = run_layer("scale", X, fill=fill, shapeScale=[4], shapeBias=[1, 7, 6], hasBias=True)
    close(found, X * channel[:, None, None] + picture)
    close(run_layer("bias", X, fill=lambda p: put(p.bias, [1.5]), shape=[1]), X + 1.5)
    full = numbers(4, 7, 6)
    close(run_layer("bias", X, fill=lambda p: put(p.bias, full), shape=[4, 7, 6]), X + full)
    with pytest.raises(ModelFileError, match="another rank"):
        run_layer("bias", X, fill=lambda p: put(p.bias, numbers(4, 7)), shape=[4, 7])
    a, b = numbers(2, 5, 1, 1), numbers(2, 5, 1, 1)
    dot = (a * b).sum(1, keepdims=True)
    close(run_layer("dot", a, b), dot)
    norms = np.sqrt((a**2).sum(1, keepdims=True) * (b**2).sum(1, keepdims=True))
    close(run_layer("dot", a, b, cosineSimilarity=True), dot / norms)


def sampled(x: Any, axis: int, points: Any) -> Any:
    """Linear interpolation along one axis at positions."""
    points = np.clip(points, 0, x.shape[axis] - 1)
    low = np.floor(points).astype(int)
    high = np.minimum(low + 1, x.shape[axis] - 1)
    form = [1] * x.ndim
    form[axis] = -1
    part = (points - low).reshape(form)
    return np.take(x, low, axis) * (1 - part) + np.take(x, high, axis) * part


def grid(n: int, m: int, mode: int) -> Any:
    if mode == 0 or (mode == 1 and m > 1):
        return np.linspace(0, n - 1, m)
    if mode == 1:
        return np.array([(n - 1) / 2])
    if mode == 2:
        return np.minimum(n - 1, np.linspace(0, n - n / m, m))
    step = max(1, n - 1) / m
    return np.minimum(n - 1, np.linspace(0.5 * step, (m - 0.5) * step, m))


@pytest.mark.parametrize("mode", range(4))
@pytest.mark.parametrize("size", [(3, 11), (1, 1), (14, 6)])
def test_resizing(mode: int, size: Any) -> None:
    expected = sampled(sampled(X, 2, grid(7, size[0], mode)), 3, grid(6, size[1], mode))

    def fill(params: Any) -> None:
        params.mode.samplingMethod = mode

    close(run_layer("resizeBilinear", X, fill=fill, targetSize=list(size)), expected)


def test_upsampling() -> None:
    close(run_layer("upsample", X, scalingFactor=[2, 3]), X.repeat(2, 2).repeat(3, 3))
    close(run_layer("upsample", X, scalingFactor=[2, 3], mode=1),
          sampled(sampled(X, 2, np.arange(14) / 2), 3, np.arange(18) / 3))  # fmt: skip
    corners = sampled(sampled(X, 2, np.linspace(0, 6, 14)), 3, np.linspace(0, 5, 18))
    close(run_layer("upsample", X, scalingFactor=[2, 3], mode=1, linearUpsampleMode=1), corners)
    centres = sampled(sampled(X, 2, (np.arange(14) + 0.5) / 2 - 0.5), 3, (np.arange(18) + 0.5) / 3 - 0.5)
    close(run_layer("upsample", X, scalingFactor=[2, 3], mode=1, linearUpsampleMode=2), centres)
    half = run_layer("upsample", X, fractionalScalingFactor=[1.5, 0.5], mode=1, linearUpsampleMode=1)
    assert half.shape == (2, 4, 10, 3)


def test_boxes_are_cut_out_and_resized() -> None:
    picture = X[None]
    boxes = np.array([[1.0, 2.0, 4.0, 5.0], [0.0, 0.0, 6.0, 3.0]])
    found = run_layer("cropResize", picture, boxes.reshape(2, 1, 4, 1, 1), targetSize=[2, 3])
    assert found.shape == (2, 2, 4, 2, 3)
    for place, (top, left, bottom, right) in enumerate(boxes):
        ways = np.linspace(top, bottom, 2), np.linspace(left, right, 3)
        close(found[place], sampled(sampled(X, 2, ways[0]), 3, ways[1]))
    one = np.array([1.0, 3.0, 2.0, 4.0, 2.0]).reshape(1, 1, 5, 1, 1)  # picture 1, centre (3, 2), size (4, 2)

    def fill(params: Any) -> None:
        params.boxIndicesMode.boxMode = 2

    found = run_layer("cropResize", picture, one, fill=fill, targetSize=[3, 2])
    close(found[0], sampled(sampled(X[1:], 2, np.linspace(1, 5, 3)), 3, np.linspace(1, 3, 2)))


def test_the_best_boxes_stay() -> None:
    boxes = np.array([[[1, 1, 2, 2], [1.1, 1, 2, 2], [5, 5, 2, 2], [9, 9, 2, 2]]], np.float32)
    scores = np.array([[[0.7], [0.9], [0.5], [0.05]]], np.float32)
    kept, values, indices, count = run_layer(
        "NonMaximumSuppression", boxes, scores, outputs=4, iouThreshold=0.5, scoreThreshold=0.1, maxBoxes=3
    )
    assert indices.tolist() == [[1, 2, -1]]
    assert count.tolist() == [2]
    close(kept[0, :2], boxes[0, [1, 2]])
    close(values[0, :, 0], [0.9, 0.5, 0.0])


def test_three_spatial_axes() -> None:
    x, weight, bias = numbers(1, 2, 4, 5, 3), numbers(3, 2, 2, 1, 3), numbers(3)
    sizes: Any = {
        "kernelDepth": 2,
        "kernelHeight": 1,
        "kernelWidth": 3,
        "strideDepth": 2,
        "strideHeight": 1,
        "strideWidth": 1,
    }

    def fill(params: Any) -> None:
        put(params.weights, weight)
        put(params.bias, bias)

    padded = np.pad(x, [(0, 0), (0, 0), (1, 0), (0, 0), (1, 2)])
    expected = np.zeros((1, 3, 2, 5, 4))
    for o, d, h, w in itertools.product(range(3), range(2), range(5), range(4)):
        expected[0, o, d, h, w] = (
            padded[0, :, 2 * d : 2 * d + 2, h : h + 1, w : w + 3] * weight[o]
        ).sum() + bias[o]
    around: Any = {"customPaddingFront": 1, "customPaddingLeft": 1, "customPaddingRight": 2}
    found = run_layer(
        "convolution3d", x, fill=fill, outputChannels=3, inputChannels=2, hasBias=True, **sizes, **around
    )
    close(found, expected)
    pooled3 = run_layer("pooling3d", x, paddingType=1, **sizes)
    view: Any = np.lib.stride_tricks.sliding_window_view
    windows = view(x, (2, 1, 3), (2, 3, 4))[:, :, ::2]
    close(pooled3, windows.max((-3, -2, -1)))
    close(run_layer("pooling3d", x, paddingType=1, type=1, **sizes), windows.mean((-3, -2, -1)))


def test_deconvolution_over_three_axes() -> None:
    x, weight = numbers(1, 2, 2, 3, 2), numbers(2, 3, 2, 2, 2)
    full = np.zeros((1, 3, 4, 6, 4))
    for c, d, h, w in itertools.product(range(2), range(2), range(3), range(2)):
        full[0, :, 2 * d : 2 * d + 2, 2 * h : 2 * h + 2, 2 * w : 2 * w + 2] += x[0, c, d, h, w] * weight[c]
    sizes: Any = {
        f"{what}{axis}": 2 for what in ("kernel", "stride") for axis in ("Depth", "Height", "Width")
    }
    scalars: Any = {"outputChannels": 3, "inputChannels": 2, "isDeconvolution": True, **sizes}

    def fill(params: Any) -> None:
        put(params.weights, weight)

    close(run_layer("convolution3d", x, fill=fill, paddingType=1, **scalars), full)
    found = run_layer("convolution3d", x, fill=fill, customPaddingTop=1, customPaddingRight=2, **scalars)
    close(found, full[:, :, :, 1:, :2])


@pytest.mark.parametrize("deep", [False, True])
def test_strides_and_padding_that_ask_for_the_impossible_are_refused(deep: bool) -> None:
    def fill(params: Any) -> None:
        put(params.weights, np.ones((1, 1, *([1] * (3 if deep else 2)))))
        if not deep:
            params.kernelSize.extend([1, 1])
            params.stride.extend([2**20, 2**20])
            params.valid.SetInParent()

    scalars: Any = {"outputChannels": 1, "isDeconvolution": True}
    if deep:
        axes = ("Depth", "Height", "Width")
        scalars |= {f"stride{axis}": 2**20 for axis in axes} | {f"kernel{axis}": 1 for axis in axes}
        scalars |= {"inputChannels": 1}
    else:
        scalars |= {"kernelChannels": 1, "nGroups": 1}
    kind, x = ("convolution3d", numbers(1, 1, 2, 2, 2)) if deep else ("convolution", numbers(1, 1, 2, 2))
    with pytest.raises(ModelFileError, match="impossible size"):
        run_layer(kind, x, fill=fill, **scalars)
