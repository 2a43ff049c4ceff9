"""Rows in memory and on disk, and the memory that a large data set takes."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from fieldpack.data.prepared import Prepared
from fieldpack.data.store import RowStore, release


@pytest.mark.parametrize("limit", [10**6, 100])
def test_rows_come_back_in_order(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fieldpack.data.store.IN_MEMORY_BYTES", limit)
    rows = np.random.default_rng(0).normal(size=(40, 3, 5)).astype(np.float32)
    store = RowStore((3, 5), np.dtype(np.float32))
    for start in range(0, 40, 7):
        store.append(rows[start : start + 7])
    array = store.array()
    assert np.array_equal(array, rows)
    release(array)
    assert np.array_equal(array, rows)
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 0


def test_an_empty_store_has_its_shape() -> None:
    assert RowStore((2, 3), np.dtype(np.uint8)).array().shape == (0, 2, 3)


def test_batches_cover_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fieldpack.data.store.IN_MEMORY_BYTES", 8)
    store = RowStore((4,), np.dtype(np.uint8))
    rows = np.arange(44, dtype=np.uint8).reshape(11, 4)
    store.append(rows)
    prepared = Prepared([str(n) for n in range(11)], {"x": store.array()}, None, np.arange(11))
    batches = [batch["x"] for batch in prepared.batches(4)]
    assert [len(batch) for batch in batches] == [4, 4, 3]
    assert np.array_equal(np.concatenate(batches), rows)


MANY = """
import numpy as np
from fieldpack.data.prepared import Prepared
from fieldpack.data.store import RowStore
store = RowStore((224, 224, 3), np.dtype(np.uint8))
for n in range(2000):
    store.append(np.full((1, 224, 224, 3), n % 251, np.uint8))
prepared = Prepared([str(n) for n in range(2000)], {"image": store.array()}, None, np.arange(2000))
prepared.digest()
total = sum(int(batch["image"][:, 0, 0, 0].sum()) for batch in prepared.batches(32))
assert total == sum(n % 251 for n in range(2000)), total
# Not getrusage: its peak counts the parent, whose memory a child holds until it becomes itself.
status = open('/proc/self/status').read()
print(status.split('VmHWM:')[1].split()[0])
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux: ru_maxrss in KiB and madvise")
def test_two_thousand_pictures_stay_below_200_mb() -> None:
    done = subprocess.run([sys.executable, "-c", MANY], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 200_000
