"""Cases for the arithmetic around a model, answered by the Python reference; generated projects run them.

A case is a few arrays of little-endian floats, so that any language reads them. Of input `i` and case `k`,
``input-i/source-k.f64`` is what an app gives, ``prepared-k.f32`` all windows of it and, of the first case,
``stored-0.f32`` what the tensor takes for its first window. Of output `o` there are
``output-o/values-k.f64``, ``scores-k.f64`` and, with a taxonomy, ``rolled-k.f64``.

Sources begin with their sizes: a picture with width and height, a recording with rate, channels and
samples, a tile with its number of bands. A place is latitude, longitude, elevation (NaN for none), week
(-1 for none) and features.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fieldpack.bundle.manifest import Border, FlavourEntry
from fieldpack.bundle.read import Bundle
from fieldpack.contract import Input, LocationInput, Output, SpectrogramInput, WaveformInput
from fieldpack.contract.inputs import ImageInput, TensorInput
from fieldpack.contract.location import INaturalist, LatLonWeek
from fieldpack.contract.raster import RasterInput
from fieldpack.contract.resampling import Polyphase
from fieldpack.exports.app_files import AppFiles
from fieldpack.exports.rules import framing
from fieldpack.phone_projects.index import raw_floats

if TYPE_CHECKING:
    from numpy.typing import NDArray

PICTURES = ((97, 71), (31, 47))
"""Widths and heights of the pictures that are tried."""
PLACES = ((0.0, 0.0), (-33.9, 151.2), (89.999, -179.5), (64.1466, -21.9426))

Case = tuple["NDArray[Any]", "NDArray[Any]"]
"""A source, and what the reference prepares of it, [K, ...]."""


def maths_cases(bundle: Bundle, flavour: FlavourEntry, app: AppFiles) -> dict[str, bytes]:
    """The cases of every input and output of a bundle, by relative path."""
    files = {"FORMAT.txt": (__doc__ or "").encode()}
    for number, contract in enumerate(bundle.manifest.contract.inputs):
        for case, (source, prepared) in enumerate(_input_cases(bundle, contract, app, number)):
            files[f"input-{number}/source-{case}.f64"] = _bytes(source)
            files[f"input-{number}/prepared-{case}.f32"] = raw_floats(prepared)
            if case == 0:
                stored = _stored(_border_of(flavour, app, number), prepared[:1])
                files[f"input-{number}/stored-0.f32"] = raw_floats(stored)
    for number, output in enumerate(bundle.manifest.contract.outputs):
        files |= {f"output-{number}/{name}": data for name, data in _output_cases(bundle, output).items()}
    return files


def _bytes(values: NDArray[Any]) -> bytes:
    return bytes(values.astype("<f8").tobytes())


def _border_of(flavour: FlavourEntry, app: AppFiles, number: int) -> Border:
    """What prepared numbers meet first: the front-end's tensor, or the model's."""
    front_end = app.front_ends[number]
    return flavour.inputs[number] if front_end is None else front_end.entry.inputs[0]


def _stored(border: Border, prepared: NDArray[Any]) -> NDArray[Any]:
    from fieldpack.runtime.border import feed

    shaped = prepared if border.layout or border.scale else prepared.reshape(1, *border.item_shape)
    return feed(border, shaped)


def _input_cases(bundle: Bundle, contract: Input, app: AppFiles, number: int) -> Iterator[Case]:
    import numpy as np

    random = np.random.default_rng(zlib.crc32(contract.name.encode()))
    if isinstance(contract, ImageInput):
        yield from _pictures(contract, random)
    elif isinstance(contract, WaveformInput | SpectrogramInput):
        front_end = app.front_ends[number]
        size = framing(contract, None if front_end is None else front_end.entry)[0]
        yield from _recordings(contract, size, random)
    elif isinstance(contract, LocationInput):
        yield from _places(contract, random)
    elif isinstance(contract, RasterInput):
        yield from _tiles(contract, random)
    else:
        yield from _arrays(contract, random)


def _pictures(contract: ImageInput, random: Any) -> Iterator[Case]:
    import numpy as np
    from PIL import Image

    from fieldpack.preprocess.image import prepare_image

    for width, height in PICTURES:
        rough = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
        prepared = prepare_image(Image.fromarray(rough), contract)
        yield np.array([width, height, *rough.reshape(-1)], np.float64), prepared[None]


def _recordings(contract: WaveformInput | SpectrogramInput, size: int, random: Any) -> Iterator[Case]:
    """Clips of the model's rate, and of another where the filter is ours; windows cut by the clip's rules."""
    import numpy as np

    from fieldpack.preprocess.spectrogram import cut, trimmed
    from fieldpack.preprocess.value_scale import scaled

    spec = contract.front_end
    if isinstance(spec.windows.samples, str):
        return
    rates = [spec.sample_rate_hz]
    if isinstance(spec.resampler, Polyphase):
        rates += [rate for rate in (spec.sample_rate_hz * 2, 44100) if rate > spec.sample_rate_hz]
    for rate in dict.fromkeys(rates):
        count = math.ceil(size * 1.6 * rate / spec.sample_rate_hz)
        samples = np.round(random.normal(0, 0.1, count) * 2**15).clip(-(2**15), 2**15 - 1) / 2**15
        samples = samples.astype(np.float32)
        clip = trimmed(samples, rate, spec)
        windows = [piece[0] for piece in cut(clip[None], size, spec.windows, 0.0)]
        if isinstance(contract, WaveformInput):
            windows = [scaled(window, spec.value_scale) for window in windows]
        if windows:
            source = np.array([rate, 1, count, *samples], np.float64)
            yield source, np.stack(windows).astype(np.float32)


def _places(contract: LocationInput, random: Any) -> Iterator[Case]:
    import numpy as np

    from fieldpack.preprocess.location import vectors_of

    features = contract.features.columns if contract.features else ()
    for latitude, longitude in PLACES:
        fields, elevation, week = [latitude, longitude], math.nan, -1.0
        if isinstance(contract.encoding, INaturalist):
            elevation = round(float(random.uniform(-100, 3000)), 1)
            fields.append(elevation)
        if isinstance(contract.encoding, LatLonWeek):
            week = float(random.integers(1, 49))
            fields.append(week)
        more = random.normal(0, 1, len(features))
        vector = vectors_of(np.array([[*fields, *more]], np.float64), contract)
        yield np.array([latitude, longitude, elevation, week, *more], np.float64), vector.astype(np.float32)


def _tiles(contract: RasterInput, random: Any) -> Iterator[Case]:
    import numpy as np

    from fieldpack.preprocess.raster import prepare_raster

    values = random.normal(0, 1, (len(contract.bands), contract.height, contract.width))
    for number, band in enumerate(contract.bands):
        scale, offset = band.scaling.scale_offset()
        values[number] = (values[number] - offset) / scale
    values[:, 0, 0] = np.nan
    if not isinstance(contract.no_data, str):
        values[0, 1 % contract.height, -1] = contract.no_data
    yield np.array([len(contract.bands), *values.reshape(-1)]), prepare_raster(values, contract)[None]


def _arrays(contract: TensorInput, random: Any) -> Iterator[Case]:
    import numpy as np

    values = random.uniform(contract.low, contract.high, (1, *contract.shape)).astype(np.float32)
    values = values.clip(np.float32(contract.low), np.float32(contract.high))
    yield values.reshape(-1), values


def _output_cases(bundle: Bundle, output: Output) -> dict[str, bytes]:
    """Scores and rollups of the source model's golden answers; none of a linear output."""
    import numpy as np

    from fieldpack.recordings.scores import label_scores

    if not output.activation.classifies:
        return {}
    files: dict[str, bytes] = {}
    values = bundle.golden_outputs()[output.name][:4]
    scores = label_scores(output, values.reshape(len(values), -1))
    rolled = _rolled(bundle, output, scores)
    for case, row in enumerate(values):
        files[f"values-{case}.f64"] = _bytes(np.asarray(row))
        files[f"scores-{case}.f64"] = _bytes(scores[case])
        if rolled is not None:
            files[f"rolled-{case}.f64"] = _bytes(rolled[case])
    return files


def _rolled(bundle: Bundle, output: Output, scores: NDArray[Any]) -> NDArray[Any] | None:
    from fieldpack.taxonomy import parse_taxonomy
    from fieldpack.taxonomy.rollup import rollup

    if output.taxonomy is None:
        return None
    taxonomy = parse_taxonomy(bundle.read(output.taxonomy), output.taxonomy)
    return rollup(taxonomy, scores) if taxonomy.leaves else None
