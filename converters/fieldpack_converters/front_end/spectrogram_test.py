"""Every transform of every kind of front-end against the float64 reference."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fieldpack.bundle.arrays import read_array
from fieldpack.bundle.golden_sounds import golden_sounds, wav_samples
from fieldpack.contract import SpectrogramInput
from fieldpack.errors import SpecError
from fieldpack.parity.front_end import gap_of, reference_of, sounds_at_levels
from fieldpack.preprocess.spectrogram import patches, trimmed
from fieldpack_converters.front_end import in_numpy
from fieldpack_converters.front_end.operations import Graph
from fieldpack_converters.front_end.spectrogram import graph_of, transforms_of
from fieldpack_converters.front_end.testing import FRONT_ENDS, SECOND, contract_of, sounds

CASES = [(name, transform) for name in FRONT_ENDS for transform in transforms_of(contract_of(name).front_end)]


@pytest.mark.parametrize(("name", "transform"), CASES)
def test_graph_is_the_reference(name: str, transform: str) -> None:
    contract = contract_of(name)
    rate = contract.front_end.sample_rate_hz
    graph = graph_of(contract, *[transform] * len(contract.channels))
    for level in (1.0, 0.01):
        given = level * sounds(graph.operations[0].shape[0], rate)
        wanted = np.concatenate([patches(one.astype(np.float32), rate, contract) for one in given])
        got = in_numpy.run(graph, given.astype(np.float32).astype(np.float64))
        assert got.shape == wanted.shape
        assert np.abs(got - wanted).max() <= 3e-7 * max(1.0, float(np.abs(wanted).max()))


def test_float32_graphs_stay_within_a_hundredth_of_a_decibel() -> None:
    contract = contract_of("decibel")
    for transform in transforms_of(contract.front_end):
        graph = graph_of(contract, transform)
        given = sounds(graph.operations[0].shape[0], contract.front_end.sample_rate_hz)
        exact, rounded = (in_numpy.run(graph, given, kind) for kind in (np.float64, np.float32))
        near = exact > exact.max() - 80
        assert np.abs(exact - rounded)[near].max() < 0.01, transform


@pytest.mark.parametrize("name", ["energy", "energy from the first frame"])
def test_energy_normalisation_keeps_the_digits_of_quiet_sounds(name: str) -> None:
    """A sum with the bias that is taken away again would leave 1 % of the largest value wrong here."""
    contract = contract_of(name)
    for sound in sounds_at_levels(8000, 16000).values():
        reference = reference_of(sound, contract)
        got = in_numpy.run(graph_of(contract, "convolution"), sound[None], np.float32)[0]
        assert gap_of(reference, got, contract).max_db < 0.002


@pytest.mark.parametrize("name", [name for name in FRONT_ENDS if name not in SECOND])
def test_float32_keeps_the_tolerance_of_golden_sounds_and_another_window_does_not(name: str) -> None:
    """Real parts are left out: where they cross zero, a rounding of float32 is many tolerances."""
    contract = contract_of(name)
    stated: Any = SimpleNamespace(inputs=[contract])
    ((entry, files),) = golden_sounds(stated)
    wanted, heard = (read_array(files[path], path) for path in (entry.patches, entry.heard))
    given = np.stack([wav_samples(files[path], 16000, path) for path in entry.sounds])
    (tolerance,) = entry.tolerances
    allowed = tolerance.absolute + tolerance.relative * np.abs(wanted)
    window = "hann" if contract.front_end.window == "hann_symmetric" else "hann_symmetric"
    gaps = []
    for one in (contract, contract_of(name, window=window)):
        got = in_numpy.run(graph_of(one, "convolution"), given, np.float32)
        gaps.append(float((np.abs(got - wanted) / allowed)[heard == 1].max()))
    assert gaps[0] < 0.2 < 1 < gaps[1]


def test_unused_bins_are_left_out() -> None:
    narrow = contract_of("decibel", mel={"bands": 20, "fmin_hz": 500.0, "fmax_hz": 2000.0})
    assert (
        graph_of(narrow, "convolution").constant_bytes
        < graph_of(contract_of("decibel"), "convolution").constant_bytes / 3
    )


def test_factored_is_a_tenth_of_the_dense_transform() -> None:
    sizes = {name: _transform_bytes(name) for name in ("blocks", "factored")}
    assert sizes["factored"] < sizes["blocks"] / 10


def _transform_bytes(transform: str) -> int:
    contract = contract_of("magnitude")
    return graph_of(contract, transform).constant_bytes


def test_a_hop_that_shares_few_samples_is_left_to_the_convolution() -> None:
    assert transforms_of(contract_of("decibel", hop_length=7).front_end) == ("convolution",)


def test_a_spectrogram_of_the_whole_clip_is_refused() -> None:
    windows: dict[str, Any] = {"samples": "none", "overlap": 0.0, "last": "drop", "pooling": "mean"}
    for name in ("window's own reference", "mirrored ends", "magnitude in decibel", "energy", "like Perch"):
        with pytest.raises(SpecError, match="one window"):
            graph_of(contract_of(name, windows=windows), "blocks")


@pytest.mark.parametrize(
    "name", ["window's own reference", "mirrored ends", "magnitude in decibel", "energy", "like Perch"]
)
@pytest.mark.parametrize(("came", "fewer"), [(3000, 0), (8000, 0), (20000, 3)])
def test_clips_of_one_length_and_one_patch_are_a_graph(name: str, came: int, fewer: int) -> None:
    windows: dict[str, Any] = {"samples": "none", "overlap": 0.0, "last": "drop", "pooling": "mean"}
    words = contract_of(name, windows=windows, min_seconds=0.5, max_seconds=0.5).model_dump()
    contract = SpectrogramInput.model_validate({**words, "frames": words["frames"] - fewer})
    sound = sounds(came, 16000)[0].astype(np.float32)
    (wanted,) = patches(sound, 16000, contract)
    graph = graph_of(contract, "blocks")
    assert graph.operations[0].shape == (8000,)
    clip = trimmed(sound, 16000, contract.front_end)
    (got,) = in_numpy.run(graph, clip[None].astype(np.float64))
    assert np.abs(got - wanted).max() <= 3e-7 * max(1.0, float(np.abs(wanted).max()))


@pytest.mark.parametrize("name", ["decibel", "natural log", "like YAMNet"])
def test_a_patch_of_a_clip_is_a_graph_where_it_depends_on_its_own_samples(name: str) -> None:
    windows: dict[str, Any] = {"samples": "none", "overlap": 0.5, "last": "drop", "pooling": "mean"}
    contract = contract_of(name, windows=windows)
    clip = sounds(16000, 16000)[0].astype(np.float32)
    wanted = patches(clip, 16000, contract)
    graph = graph_of(contract, "blocks")
    size, step = graph.operations[0].shape[0], contract.front_end.hop_length
    jump = contract.frames - math.floor(contract.frames * 0.5)
    for place, patch in enumerate(wanted):
        start = place * jump * step
        got = in_numpy.run(graph, clip[None, start : start + size].astype(np.float64))[0]
        assert np.abs(got - patch).max() <= 3e-7 * np.abs(patch).max()
    assert len(wanted) == 3


def test_too_few_frames_are_refused() -> None:
    values = contract_of("decibel").model_dump()
    values["frames"] = 10_000
    with pytest.raises(SpecError, match="too few frames"):
        graph_of(SpectrogramInput.model_validate(values), "blocks")


def test_an_operation_takes_only_what_stands_before_it() -> None:
    graph: Graph = graph_of(contract_of("decibel"), "factored")
    for place, one in enumerate(graph.operations):
        assert all(before < place for before in one.inputs)
