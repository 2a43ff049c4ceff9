from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fieldpack.errors import SpecError
from fieldpack.search import executor
from fieldpack.search.conftest import Recorder, answer, make_spec
from fieldpack.search.executor import DaskExecutor
from fieldpack.search.search import search
from fieldpack.search.store import TrialStore

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    import distributed

    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as made:
        yield made


def dies_once(words: dict[str, Any]) -> dict[str, Any]:
    """Kills its worker at the first trial of a folder, as a lost machine would."""
    mark = Path(words["source"]["path"]).parent / "mark"
    if not mark.exists():
        mark.write_text("seen")
        os.kill(os.getpid(), signal.SIGKILL)
    return answer(words)


def test_two_workers_come_to_what_one_process_comes_to(
    cluster: Any, tmp_path: Path, context: dict[str, str]
) -> None:
    alone = search(make_spec(), context, Recorder(), TrialStore(tmp_path / "a"))
    executor = DaskExecutor(answer, cluster.scheduler_address.replace("tcp://", "dask://"))
    try:
        spread = search(make_spec(), context, executor, TrialStore(tmp_path / "b"))
    finally:
        executor.close()
    assert spread.as_dict() == alone.as_dict()


def test_a_lost_worker_loses_no_trial(cluster: Any, tmp_path: Path, context: dict[str, str]) -> None:
    spec = make_spec()
    spec = spec.model_copy(
        update={"source": spec.source.model_copy(update={"path": str(tmp_path / "model.keras")})}
    )
    alone = search(spec, context, Recorder(), TrialStore(tmp_path / "a"))
    executor = DaskExecutor(dies_once, cluster.scheduler_address.replace("tcp://", "dask://"))
    try:
        found = search(spec, context, executor, TrialStore(tmp_path / "b"))
    finally:
        executor.close()
    assert (tmp_path / "mark").exists()
    assert found.as_dict() == alone.as_dict()


def test_a_scheduler_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executor, "PATIENCE_S", 0.5)
    with pytest.raises(SpecError, match="no Dask scheduler"):
        DaskExecutor(answer, "dask://127.0.0.1:1")
