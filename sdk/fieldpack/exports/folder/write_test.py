from __future__ import annotations

from pathlib import Path

import pytest

from fieldpack.cli.main import main
from fieldpack.exports.testing import kind_bundle
from fieldpack.testing import tiny_bundle


def export(bundle: Path, out: Path, *options: str) -> int:
    """Exit code of the command."""
    return main(["export", str(bundle), "--for", "folder", "--out", str(out), *options])


def test_a_platform_is_a_folder_with_what_belongs_to_its_flavour(tmp_path: Path) -> None:
    assert export(kind_bundle(tmp_path / "b", "spectrogram"), tmp_path / "out") == 0
    for platform, ending in (("android", "tflite"), ("ios", "mlpackage")):
        folder = tmp_path / "out" / platform
        there = {path.name for path in folder.iterdir()}
        assert {"contract.json", f"model.{ending}", "front_ends", "labels", "resampling"} <= there
        assert (folder / f"front_ends/sound.{ending}").exists()


def test_only_what_the_bundle_or_the_options_name_is_written(tmp_path: Path) -> None:
    both = tiny_bundle(tmp_path / "both", folder_flavour=True)
    assert export(both, tmp_path / "one", "--platform", "ios") == 0
    assert export(both, tmp_path / "two", "--flavour", "tflite-float32") == 0
    assert export(tiny_bundle(tmp_path / "b"), tmp_path / "three") == 0
    found = [{path.name for path in (tmp_path / name).iterdir()} for name in ("one", "two", "three")]
    assert found == [{"ios", "CHECKSUMS"}, {"android", "CHECKSUMS"}, {"android", "CHECKSUMS"}]


def test_a_platform_without_a_flavour_says_what_to_build(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export(tiny_bundle(tmp_path / "b"), tmp_path / "out", "--platform", "ios") == 2
    assert 'kind = "coreml"' in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_flavour_for_no_platform_that_is_written_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    both = tiny_bundle(tmp_path / "both", folder_flavour=True)
    assert export(both, tmp_path / "out", "--platform", "ios", "--flavour", "tflite-float32") == 2
    assert "got: tflite-float32" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    two = ("--platform", "ios", "--platform", "android", "--flavour", "tflite-float32")
    assert export(both, tmp_path / "out", *two) == 0
