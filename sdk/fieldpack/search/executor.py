"""Where trials run: in this process one after another, or on an existing Dask cluster.

A trial travels as plain words and comes back as plain words, so that the place cannot change it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from fieldpack.errors import MissingDependencyError, SpecError, StorageError, WorkerError
from fieldpack.search.trial import Result, Status

_FULL = re.compile(
    "MemoryError|ResourceExhausted|bad_alloc|not enough memory|can(?:'t|not) allocate memory"
    "|failed to map segment",
    re.IGNORECASE,
)
"""What Python, the C++ library, the loader, TensorFlow and torch say when there is no more memory."""
PATIENCE_S = 10.0
"""For a scheduler to answer."""
Run = Callable[[dict[str, Any]], dict[str, Any]]
"""Takes the words of a trial's spec and returns ``Result.as_dict()``."""


class Executor(Protocol):
    """Runs trials; results come in the order of the trials, whatever the order of finishing."""

    def run(self, jobs: Sequence[dict[str, Any]], done: Callable[[int, Result], None]) -> None:
        """Run the jobs; `done` is called with the place of each and its result as soon as it is there."""

    def close(self) -> None:
        """Let go of the workers."""


class LocalExecutor:
    """One trial after another; frameworks run in worker processes of their own."""

    def __init__(self, function: Run) -> None:
        self._function = function

    def run(self, jobs: Sequence[dict[str, Any]], done: Callable[[int, Result], None]) -> None:
        """See ``Executor``."""
        for place, job in enumerate(jobs):
            done(place, Result.from_dict(self._function(job)))

    def close(self) -> None:
        """Nothing to let go of."""


class DaskExecutor:
    """The workers of a running Dask cluster; they need the same installation and the same files.

    A trial whose worker is lost is run again on another, as often as the cluster's
    ``distributed.scheduler.allowed-failures`` says, then counts as crashed.

    Raises
    ------
    MissingDependencyError
        distributed is not installed.
    SpecError
        There is no scheduler at the address.
    """

    def __init__(self, function: Run, address: str) -> None:
        try:
            import distributed
        except ImportError as error:
            raise MissingDependencyError(
                "Searching on a Dask cluster needs distributed", hint='pip install "fieldpack[dask]"'
            ) from error
        self._function = function
        try:
            self._client = distributed.Client(address.replace("dask://", "tcp://", 1), timeout=PATIENCE_S)
        except (OSError, TimeoutError) as error:
            raise SpecError(
                "there is no Dask scheduler at this address", came=address, allowed="dask://HOST:PORT"
            ) from error

    def run(self, jobs: Sequence[dict[str, Any]], done: Callable[[int, Result], None]) -> None:
        """See ``Executor``."""
        import distributed

        places = {
            self._client.submit(self._function, job, pure=False): place for place, job in enumerate(jobs)
        }
        for future in distributed.as_completed(list(places)):
            done(places[future], _result(future))

    def close(self) -> None:
        """Leave the cluster; it goes on running."""
        self._client.close()


def _result(future: Any) -> Result:
    import distributed

    try:
        return Result.from_dict(future.result())
    except distributed.KilledWorker as error:
        return Result(Status.CRASHED, reason=f"every worker that ran it was lost: {error.last_worker}")
    except (distributed.CancelledError, OSError) as error:
        raise WorkerError(
            "the Dask cluster was lost", came=error, hint="start the search again; finished trials are stored"
        ) from error


def failed(error: Exception) -> Result:
    """The result of a trial that raised.

    A worker that was killed from outside had, as a rule, no memory left.
    """
    if isinstance(error, WorkerError) and "SIGKILL" in str(error):
        return Result(Status.OUT_OF_MEMORY, reason="a worker was killed, as happens when memory runs out")
    if isinstance(error, MemoryError) or (isinstance(error, WorkerError) and _FULL.search(str(error))):
        return Result(Status.OUT_OF_MEMORY, reason="a worker could get no more memory")
    if isinstance(error, WorkerError | StorageError | MissingDependencyError):
        return Result(Status.CRASHED, reason=str(error).splitlines()[0])
    return Result(Status.REFUSED, reason=" ".join(str(error).split()))
