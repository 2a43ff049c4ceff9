"""torch's number of threads, set for one run: the setting belongs to the process, so it is put back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def thread_count(torch: Any, threads: int | None) -> Iterator[None]:
    """Let torch use ``threads`` threads inside; its own setting where None is given."""
    if threads is None:
        yield
        return
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
