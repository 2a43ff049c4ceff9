"""Who answers tiles: names that are understood, bounded work, and a cluster that is lost."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path

import pytest

from fieldpack.bundle.read import open_bundle
from fieldpack.errors import InputError, SpecError
from fieldpack.scenes import workers
from fieldpack.scenes.answering import Job, Model
from fieldpack.scenes.mapping import map_scene
from fieldpack.scenes.testing import made_scene, write_scene
from fieldpack.scenes.workers import OneProcess, Processes, _in_order, open_workers


@pytest.mark.parametrize("where", ["", "processes", "processes:0", "processes:x", "http://x", "dask"])
def test_unknown_workers_are_refused(where: str) -> None:
    with pytest.raises(InputError, match="no such executor"):
        open_workers(where)


def test_known_workers_are_opened() -> None:
    assert isinstance(open_workers("local"), OneProcess)
    pool = open_workers("processes:2")
    assert isinstance(pool, Processes)
    pool.close()


def test_no_more_work_is_under_way_than_asked_for() -> None:
    begun: list[Job] = []
    model = Model("b", "d", "f", None)

    def submit(job: Job) -> Future[list[object]]:
        begun.append(job)
        future: Future[list[object]] = Future()
        future.set_result([job])
        return future

    results = _in_order((Job(model, "s", row, 0, 1) for row in range(50)), submit, 4)
    seen: list[object] = []
    for result in results:
        seen += result
        assert len(begun) - len(seen) <= 4
    assert seen == begun
    assert len(begun) == 50


def test_a_cluster_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "PATIENCE_S", 0.5)
    pytest.importorskip("distributed", reason="pip install 'fieldpack[dask]'")
    with pytest.raises(SpecError, match="no Dask scheduler"):
        open_workers("dask://127.0.0.1:9")


@pytest.mark.full
def test_a_dask_cluster_gives_the_same_map(tiles_bundle: Path, tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed", reason="pip install 'fieldpack[dask]'")
    pytest.importorskip("rasterio", reason="pip install 'fieldpack[geo]'")
    scene = write_scene(tmp_path / "s.tif", made_scene(61, 130))
    with (
        open_bundle(tiles_bundle) as bundle,
        distributed.LocalCluster(2, threads_per_worker=1, dashboard_address=None) as cluster,
    ):
        map_scene(bundle, scene, tmp_path / "here.tif")
        workers = open_workers(cluster.scheduler_address.replace("tcp://", "dask://"))
        try:
            map_scene(bundle, scene, tmp_path / "there.tif", workers=workers)
        finally:
            workers.close()
    assert (tmp_path / "there.tif").read_bytes() == (tmp_path / "here.tif").read_bytes()
