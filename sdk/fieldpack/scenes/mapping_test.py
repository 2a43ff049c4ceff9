"""A whole scene: its answer in one piece, the same for any workers, and going on after a kill."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.bundle.read import open_bundle
from fieldpack.errors import InputError, StorageError
from fieldpack.scenes import mapping
from fieldpack.scenes.answering import Job, answer_job
from fieldpack.scenes.mapping import Mapped, map_scene
from fieldpack.scenes.mosaic import TileAnswer
from fieldpack.scenes.testing import made_scene, tile_bundle, tile_contract, whole_answer, write_scene
from fieldpack.scenes.workers import OneProcess, Processes

pytest.importorskip("rasterio", reason="pip install 'fieldpack[geo]'")


class Shuffled:
    """Jobs are done in any order, and come back in theirs."""

    def answers(self, jobs: Iterable[Job]) -> Iterator[list[TileAnswer]]:
        todo = list(enumerate(jobs))
        random.Random(4).shuffle(todo)
        done = {place: answer_job(job) for place, job in todo}
        return (done[place] for place in range(len(done)))

    def close(self) -> None:
        pass


class KilledError(Exception):
    pass


def killed_after(rows: int, columns: int) -> OneProcess:
    """Answers so many rows of tiles, then the power fails."""
    left = [rows * -(-columns // mapping.TILES_A_JOB)]

    def answer(job: Job) -> list[TileAnswer]:
        left[0] -= 1
        if left[0] < 0:
            raise KilledError
        return answer_job(job)

    return OneProcess(answer)


def mapped(bundle: Path, scene: Path, target: Path, **settings: Any) -> Mapped:
    with open_bundle(bundle) as opened:
        return map_scene(opened, scene, target, **settings)


def read(path: Path, rasterio: Any) -> np.ndarray:
    with rasterio.open(path) as file:
        values: np.ndarray = file.read()
        return values


@pytest.mark.parametrize(
    ("blend", "stride", "overlap"), [("crop", 1, 4), ("hann", 1, 4), ("crop", 2, 4), ("hann", 2, 6)]
)
@pytest.mark.parametrize("beyond", ["mirror", "fill"])
@pytest.mark.parametrize("size", [(61, 83), (16, 16), (9, 40), (7, 5), (16, 17), (3, 2)])
def test_a_map_is_the_answer_of_the_scene_in_one_piece(
    blend: str, stride: int, overlap: int, beyond: str, size: tuple[int, int], tmp_path: Path, rasterio: Any
) -> None:
    contract = tile_contract(
        tiling={"blend": blend, "overlap": overlap, "alignment": stride, "beyond": beyond}
    )
    bundle = tile_bundle(tmp_path / "bundle", contract, stride)
    scene = made_scene(*size)
    found = mapped(bundle, write_scene(tmp_path / "s.tif", scene), tmp_path / "m.tif")
    values, wanted = (
        read(tmp_path / "m.tif", rasterio),
        np.stack(list(whole_answer(scene, contract, stride).values())),
    )
    assert np.array_equal(np.isnan(values), np.isnan(wanted))
    assert np.nanmax(np.abs(values - wanted)) < 2e-5
    assert found.seam.largest < 1e-5
    assert values.shape[1:] == (size[0] // stride, size[1] // stride)
    assert found.known == pytest.approx(np.isfinite(read(tmp_path / "m.tif", rasterio)[0]).mean())


def test_a_map_keeps_place_names_and_units(tiles_bundle: Path, tmp_path: Path, rasterio: Any) -> None:
    scene = write_scene(tmp_path / "s.tif", made_scene(40, 50))
    found = mapped(tiles_bundle, scene, tmp_path / "m.tif")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.tif", "s.tif"]
    with rasterio.open(scene) as source, rasterio.open(tmp_path / "m.tif") as file:
        assert (file.crs, file.transform, file.shape) == (source.crs, source.transform, source.shape)
        assert file.descriptions == found.bands == ("low", "middle", "high")
        assert file.units == ("metre",) * 3
        assert np.isnan(file.nodata)
        assert file.tags()["FIELDPACK_FLAVOUR"] == "tflite-float32"


@pytest.mark.parametrize("blend", ["crop", "hann"])
def test_neither_order_nor_number_of_workers_changes_a_bit(blend: str, tmp_path: Path) -> None:
    bundle = tile_bundle(tmp_path / "bundle", tile_contract(tiling={"blend": blend}))
    scene = write_scene(tmp_path / "s.tif", made_scene(61, 200))
    mapped(bundle, scene, tmp_path / "one.tif")
    mapped(bundle, scene, tmp_path / "shuffled.tif", workers=Shuffled())
    pool = Processes(2)
    try:
        mapped(bundle, scene, tmp_path / "two.tif", workers=pool)
    finally:
        pool.close()
    one = (tmp_path / "one.tif").read_bytes()
    assert (tmp_path / "shuffled.tif").read_bytes() == one
    assert (tmp_path / "two.tif").read_bytes() == one


@pytest.mark.parametrize("blend", ["crop", "hann"])
@pytest.mark.parametrize("rows", [1, 3, 4])
def test_a_run_that_was_cut_off_goes_on(blend: str, rows: int, tmp_path: Path) -> None:
    bundle = tile_bundle(tmp_path / "bundle", tile_contract(tiling={"blend": blend}))
    scene, target = write_scene(tmp_path / "s.tif", made_scene(61, 130)), tmp_path / "m.tif"
    whole = mapped(bundle, scene, tmp_path / "whole.tif")
    with pytest.raises(KilledError):
        mapped(bundle, scene, target, workers=killed_after(rows, 11))
    assert not target.exists()
    with pytest.raises(InputError, match="unfinished work"):
        mapped(bundle, scene, target)
    with (tmp_path / "m.tif.journal").open("a") as journal:
        journal.write('{"lines": 60, "ro')  # the kill fell into a line
    found = mapped(bundle, scene, target, resume=True)
    assert target.read_bytes() == (tmp_path / "whole.tif").read_bytes()
    assert found.seam == whole.seam
    kept = rows - (1 if blend == "crop" else 2)  # what still has a word on missing lines is answered again
    assert found.answered == (5 - max(kept, 0)) * 11
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bundle", "m.tif", "s.tif", "whole.tif"]


def test_a_kill_while_the_file_is_written_costs_one_row(
    tiles_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene, target = write_scene(tmp_path / "s.tif", made_scene(61, 40)), tmp_path / "m.tif"

    def killed(*arguments: object, **settings: object) -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr("fieldpack.scenes.writing.RawMap.finish", killed)
        with pytest.raises(KilledError):
            mapped(tiles_bundle, scene, target)
    found = mapped(tiles_bundle, scene, target, resume=True)
    mapped(tiles_bundle, scene, tmp_path / "whole.tif")
    assert found.answered < found.tiles
    assert target.read_bytes() == (tmp_path / "whole.tif").read_bytes()


def test_other_work_is_not_gone_on_with(tiles_bundle: Path, tmp_path: Path) -> None:
    scene, target = write_scene(tmp_path / "s.tif", made_scene(61, 130)), tmp_path / "m.tif"
    with pytest.raises(KilledError):
        mapped(tiles_bundle, scene, target, workers=killed_after(2, 11))
    write_scene(scene, made_scene(61, 130, seed=9))
    with pytest.raises(InputError, match="belongs to other work: scene_changed_ns"):
        mapped(tiles_bundle, scene, target, resume=True)
    (tmp_path / "m.tif.journal").write_text('{"schema": 9}\nno json\n\n')
    with pytest.raises(InputError, match="no journal"):
        mapped(tiles_bundle, scene, target, resume=True)


def test_work_that_has_only_begun_is_begun_anew(tiles_bundle: Path, tmp_path: Path) -> None:
    scene, target = write_scene(tmp_path / "s.tif", made_scene(61, 130)), tmp_path / "m.tif"
    with pytest.raises(KilledError):
        mapped(tiles_bundle, scene, target, workers=killed_after(0, 11))
    assert mapped(tiles_bundle, scene, target).answered == 55


def test_a_cloud_optimised_map_has_the_same_pixels(tiles_bundle: Path, tmp_path: Path, rasterio: Any) -> None:
    scene = write_scene(tmp_path / "s.tif", made_scene(600, 300))
    mapped(tiles_bundle, scene, tmp_path / "m.tif")
    mapped(tiles_bundle, scene, tmp_path / "c.tif", cloud_optimised=True)
    with rasterio.open(tmp_path / "c.tif") as file:
        assert file.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert file.overviews(1)
        assert file.descriptions == ("low", "middle", "high")
    assert np.array_equal(
        read(tmp_path / "c.tif", rasterio), read(tmp_path / "m.tif", rasterio), equal_nan=True
    )


def test_targets_that_cannot_be_are_refused(tiles_bundle: Path, tmp_path: Path) -> None:
    scene = write_scene(tmp_path / "s.tif", made_scene(20, 20))
    with pytest.raises(InputError, match="GeoTIFF"):
        mapped(tiles_bundle, scene, tmp_path / "m.png")
    with pytest.raises(StorageError, match="no such folder"):
        mapped(tiles_bundle, scene, tmp_path / "nowhere" / "m.tif")


def test_a_scene_that_was_cut_off_leaves_no_map(tiles_bundle: Path, tmp_path: Path) -> None:
    scene = write_scene(tmp_path / "s.tif", made_scene(600, 300), front=True)
    whole = scene.read_bytes()
    scene.write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(InputError, match="damaged") as caught:
        mapped(tiles_bundle, scene, tmp_path / "m.tif")
    assert not (tmp_path / "m.tif").exists()
    kept = "finished rows are kept in m.tif.part and m.tif.journal: go on with --resume, or delete both"
    assert str(caught.value).endswith(f"; {kept}")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.tif.journal", "m.tif.part", "s.tif"]


def test_a_run_that_fails_before_its_first_row_leaves_nothing(tiles_bundle: Path, tmp_path: Path) -> None:
    scene = write_scene(tmp_path / "s.tif", made_scene(600, 300), front=True)
    scene.write_bytes(scene.read_bytes()[:2000])
    with pytest.raises(InputError, match="damaged") as caught:
        mapped(tiles_bundle, scene, tmp_path / "m.tif")
    assert "kept" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["s.tif"]


def test_another_bundle_at_the_same_place_is_refused(tiles_bundle: Path, tmp_path: Path) -> None:
    from fieldpack.errors import BundleError
    from fieldpack.scenes.answering import Model

    model = Model(str(tiles_bundle), "0" * 64, "tflite-float32", None)
    with pytest.raises(BundleError, match="another bundle"):
        answer_job(Job(model, "x.tif", 0, 0, 1))
