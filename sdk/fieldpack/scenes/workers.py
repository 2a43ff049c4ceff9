"""Where tiles are answered: in this process, in several, or on a Dask cluster that runs already.

Whatever the place, answers come back in the order of the jobs, and only so many are under way that the memory
stays bounded.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Any, Protocol

from fieldpack.errors import InputError, MissingDependencyError, SpecError, WorkerError
from fieldpack.scenes.answering import Job, answer_job
from fieldpack.scenes.mosaic import TileAnswer

Answer = Callable[[Job], list[TileAnswer]]
AHEAD = 3
"""Jobs under way for each worker: one that runs, and what it does next."""
PATIENCE_S = 10.0
"""For a scheduler to answer."""
LOST = "start it again with --resume; finished rows are kept"


class Workers(Protocol):
    """Answers jobs; results come in the order of the jobs."""

    def answers(self, jobs: Iterable[Job]) -> Iterator[list[TileAnswer]]:
        """What each job gives."""

    def close(self) -> None:
        """Let go of the workers."""


class OneProcess:
    """One job after another, here."""

    def __init__(self, answer: Answer = answer_job) -> None:
        self._answer = answer

    def answers(self, jobs: Iterable[Job]) -> Iterator[list[TileAnswer]]:
        """See ``Workers``."""
        return (self._answer(job) for job in jobs)

    def close(self) -> None:
        """Nothing to let go of."""


class Processes:
    """So many processes of this machine, one thread each."""

    def __init__(self, count: int) -> None:
        self._pool = ProcessPoolExecutor(count, mp_context=get_context("spawn"))
        self._ahead = AHEAD * count

    def answers(self, jobs: Iterable[Job]) -> Iterator[list[TileAnswer]]:
        """See ``Workers``."""
        try:
            yield from _in_order(jobs, lambda job: self._pool.submit(answer_job, job), self._ahead)
        except BrokenProcessPool as error:
            raise WorkerError(
                "a process that answers tiles was killed, as happens when memory runs out", hint=LOST
            ) from error

    def close(self) -> None:
        """End the processes."""
        self._pool.shutdown(cancel_futures=True)


class DaskWorkers:
    """The workers of a running Dask cluster; they need the same installation and the same files.

    Raises
    ------
    MissingDependencyError
        distributed is not installed.
    SpecError
        There is no scheduler at the address, or it has no workers.
    """

    def __init__(self, address: str) -> None:
        try:
            import distributed
        except ImportError as error:
            raise MissingDependencyError(
                "Answering tiles on a Dask cluster needs distributed", hint='pip install "fieldpack[dask]"'
            ) from error
        try:
            self._client = distributed.Client(address.replace("dask://", "tcp://", 1), timeout=PATIENCE_S)
        except (OSError, TimeoutError) as error:
            raise SpecError(
                "there is no Dask scheduler at this address", came=address, allowed="dask://HOST:PORT"
            ) from error
        threads = sum(self._client.nthreads().values())
        if not threads:
            self._client.close()
            raise SpecError("the Dask cluster has no workers", came=address, hint="start some first")
        self._ahead = AHEAD * threads

    def answers(self, jobs: Iterable[Job]) -> Iterator[list[TileAnswer]]:
        """See ``Workers``."""
        import distributed

        try:
            yield from _in_order(
                jobs, lambda job: self._client.submit(answer_job, job, pure=False), self._ahead
            )
        except distributed.KilledWorker as error:
            raise WorkerError(
                "every worker that answered some tiles was lost", came=error.last_worker, hint=LOST
            ) from error
        except distributed.CancelledError as error:
            raise WorkerError("the Dask cluster was lost", came=error, hint=LOST) from error

    def close(self) -> None:
        """Leave the cluster; it goes on running."""
        self._client.close()


def _in_order(jobs: Iterable[Job], submit: Callable[[Job], Any], ahead: int) -> Iterator[list[TileAnswer]]:
    """Results in the order of the jobs, with at most so many under way."""
    under_way: deque[Any] = deque()
    for job in jobs:
        under_way.append(submit(job))
        if len(under_way) >= ahead:
            yield under_way.popleft().result()
    while under_way:
        yield under_way.popleft().result()


def open_workers(where: str) -> Workers:
    """The workers that a command line names.

    Parameters
    ----------
    where : str
        ``local``, ``processes:N`` or ``dask://HOST:PORT``.

    Raises
    ------
    InputError
        It is none of these.
    """
    if where == "local":
        return OneProcess()
    if where.startswith(("dask://", "tcp://")):
        return DaskWorkers(where)
    found = re.fullmatch(r"processes:([1-9]\d{0,2})", where)
    if found is None:
        raise InputError(
            "there is no such executor", came=where, allowed="local, processes:N, or dask://HOST:PORT"
        )
    return Processes(int(found[1]))
