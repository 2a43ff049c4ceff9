"""The choice of transforms, and the Core ML package on the reference engine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fieldpack import worker
from fieldpack.bundle.manifest import Border, FlavourKind
from fieldpack.contract import SpectrogramInput
from fieldpack.coreml.package import open_package
from fieldpack.parity.front_end import LEVELS_DBFS, Gap, front_end_sounds, gap_of, reference_of, worst
from fieldpack.runtime.flavour import open_flavour
from fieldpack_converters.front_end.export import choices_of
from fieldpack_converters.front_end.testing import contract_of

BIRDNET = "two channels like BirdNET"
EXPORT = "fieldpack_converters.front_end.export:"


def test_every_portable_transform_is_a_choice() -> None:
    names = ("convolution", "blocks", "folded", "factored")
    assert choices_of(contract_of("like YAMNet")) == [("convolution",), ("blocks",), ("factored",)]
    assert choices_of(contract_of("magnitude in decibel")) == [(name,) for name in names]
    assert choices_of(contract_of(BIRDNET)) == [(name, name) for name in names]


def gap(path: Path, contract: SpectrogramInput) -> Gap:
    """The worst of six sounds at two levels."""
    samples = 8000
    runner = open_flavour(
        FlavourKind.COREML,
        path,
        (Border(name="sound", tensor="sound", shape=(1, samples), dtype="float32"),),
        (Border(name="patch", tensor=contract.name, shape=(1, *contract.shape), dtype="float32"),),
        precision="fp32",
    )
    gaps = []
    for sound in front_end_sounds(samples, contract.front_end.sample_rate_hz).values():
        for level in LEVELS_DBFS:
            heard = (sound * 10 ** (level / 20)).astype(np.float32)
            got = runner.run({"sound": heard[None]})["patch"][0]
            gaps.append(gap_of(reference_of(heard, contract), got, contract))
    return worst(gaps)


@pytest.mark.full
def test_the_core_ml_package_is_the_reference_in_float32(tmp_path: Path) -> None:
    contract = contract_of("window's own reference")
    path = tmp_path / "model.mlpackage"
    words = {"contract": contract.model_dump(mode="json"), "transforms": ["factored"], "path": str(path)}
    worker.run(f"{EXPORT}export_coreml", words | {"minimum_ios": "16"})
    package = open_package(path)
    assert [item.name for item in (*package.inputs, *package.outputs)] == ["sound", "spectrogram"]
    assert not any("float16" in str(item.dtype) for item in (*package.inputs, *package.outputs))
    found = gap(path, contract)
    assert found.holds, found
