"""Coefficients in a bundle: written for the rates that matter, small, and held against the contract."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.bundle.arrays import npy_bytes, read_array
from fieldpack.bundle.read import open_bundle
from fieldpack.bundle.resampling import resampling_tables
from fieldpack.bundle.verify import check_structure
from fieldpack.bundle.write import BundleWriter
from fieldpack.errors import BundleError
from fieldpack.preprocess.resampler import PolyphaseChange, resample
from fieldpack.recordings.testing import RATE_HZ, tone, tone_bundle, tone_content, tone_contract
from fieldpack.testing import tiny_bundle


def test_a_bundle_carries_small_tables_that_resample_as_the_contract_says(tmp_path: Path) -> None:
    tables = resampling_tables(tone_contract(front_end={"sample_rate_hz": 16000}))
    assert [table.from_hz for table, _ in tables] == [22050, 24000, 32000, 44100, 48000, 96000]
    assert sum(len(data) for _, data in tables) < 140_000
    path = tone_bundle(tmp_path / "tones")
    assert check_structure(path) == []
    sound = tone(0.5, 1200.0, rate_hz=44100)
    with open_bundle(path) as bundle:
        (table,) = [item for item in bundle.manifest.resampling if item.from_hz == 44100]
        change = PolyphaseChange(table.up, table.down, read_array(bundle.read(table.path), table.path))
        item: Any = bundle.manifest.contract.inputs[0]
        made = np.concatenate([change.push(sound), change.finish()])
        assert np.array_equal(made, resample(sound, 44100, RATE_HZ, item.front_end.resampler))


def test_only_polyphase_needs_tables_and_low_rates_only_where_they_are_taken(tmp_path: Path) -> None:
    assert resampling_tables(tone_contract(front_end={"resampler": {"kind": "soxr_hq"}})) == []
    assert b"resampling" not in (tiny_bundle(tmp_path / "tiny") / "manifest.json").read_bytes()
    taken = tone_contract(front_end={"low_rate": "warn", "sample_rate_hz": 48000})
    assert [table.from_hz for table, _ in resampling_tables(taken)] == [
        8000, 16000, 22050, 24000, 32000, 44100, 96000
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("missing", "no coefficients for 44100 Hz"),
        ("unasked", "no polyphase resampler"),
        ("ratio", "from 44100 Hz is misstated"),
        ("shape", "the contract gives float32"),
        ("values", "not hold the filter"),
        ("nan", "not hold the filter"),
        ("pickle", "no array file"),
    ],
)
def test_a_wrong_table_is_never_written(fault: str, words: str, tmp_path: Path) -> None:
    with BundleWriter(tmp_path / "tones") as writer:
        fields = tone_content(writer, tone_contract())
        tables = fields["resampling"]
        table = next(item for item in tables if item["from_hz"] == 44100)
        half = read_array(writer.path(table["path"]).read_bytes(), "table")
        if fault == "missing":
            tables.remove(table)
        elif fault == "unasked":
            tables.append({**table, "input": "other"})
        elif fault == "ratio":
            table["up"] += 1
        elif fault == "pickle":
            writer.add_bytes(table["path"], b"\x80\x04N.")
        else:
            spoiled = {"shape": half[:-1], "values": half * 1.01, "nan": half * np.nan}[fault]
            writer.add_bytes(table["path"], npy_bytes(spoiled.astype(np.float32)))
        with pytest.raises(BundleError, match=words):
            writer.commit(fields)
