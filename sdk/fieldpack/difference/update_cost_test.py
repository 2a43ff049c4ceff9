"""What an update downloads: only what is not there yet, and patches that give the new file again."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from fieldpack.bundle.read import open_bundle
from fieldpack.difference.testing import Fields, Files, varied_bundle
from fieldpack.difference.update_cost import INSTALL, patch, update_costs
from fieldpack.testing import tiny_bundle

HAS_ZSTANDARD = importlib.util.find_spec("zstandard") is not None


def test_only_the_changed_files_and_the_manifest_are_counted(tmp_path: Path) -> None:
    def edit(fields: Fields, files: Files) -> None:
        files["labels.txt"] = b"bee\nhawkmoth\nwasp\n"

    old = tiny_bundle(tmp_path / "old")
    new = varied_bundle(old, tmp_path / "new", edit)
    with open_bundle(old) as first, open_bundle(new) as second:
        whole, flavour = update_costs(first, second)
    assert (whole.subject, flavour.subject) == ("bundle", "tflite-float32")
    assert whole.changed_files == flavour.changed_files == 2
    assert 0 < whole.changed_bytes == flavour.changed_bytes < flavour.whole_bytes < whole.whole_bytes
    assert (whole.patch_bytes is None) != HAS_ZSTANDARD


@pytest.mark.skipif(not HAS_ZSTANDARD, reason=f"needs zstandard: {INSTALL}")
def test_a_patch_gives_the_new_file_to_whoever_has_the_old_one() -> None:
    import zstandard

    old = np.random.default_rng(0).bytes(1_000_000)
    new = old[:400_000] + b"changed" + old[400_100:]
    made = patch(old, new)
    prefix = zstandard.ZstdCompressionDict(old, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
    reader = zstandard.ZstdDecompressor(dict_data=prefix, max_window_size=2**31)
    assert len(made) < 1000
    assert reader.decompress(made) == new
