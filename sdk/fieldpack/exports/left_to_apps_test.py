from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fieldpack.cli.main import main
from fieldpack.exports.testing import SOUND, kind_bundle


@pytest.mark.parametrize(
    ("kind", "changes", "note"),
    [
        ("location", {"snap_resolution": 4}, "centre of the H3 cell of resolution 4"),
        ("waveform", {"front_end": SOUND | {"resampler": {"kind": "soxr_hq"}}}, "sounds of 8000 Hz"),
        ("raster", {}, "cutting scenes"),
    ],
)
@pytest.mark.parametrize("consumer", ["android", "swift", "react-native"])
def test_what_is_left_to_the_app_is_told(
    tmp_path: Path,
    consumer: str,
    kind: str,
    changes: dict[str, Any],
    note: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    made = kind_bundle(tmp_path / "b", kind, **changes)
    assert main(["export", str(made), "--for", consumer, "--out", str(tmp_path / "out")]) == 0
    assert note in capsys.readouterr().out


def test_nothing_is_told_where_nothing_is_left(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = kind_bundle(tmp_path / "b", "image")
    assert main(["export", str(made), "--for", "android", "--out", str(tmp_path / "out")]) == 0
    assert "hand over" not in capsys.readouterr().out
