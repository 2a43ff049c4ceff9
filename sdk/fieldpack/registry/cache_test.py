"""Parts come whole or not at all, and what came of one is not asked for again."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fieldpack.bundle.digest import sha256_bytes
from fieldpack.errors import BundleError, RegistryError, StorageError
from fieldpack.registry import cache as cache_module
from fieldpack.registry.cache import Download, PartCache, default_cache

PART = bytes(range(256)) * 40
DIGEST = sha256_bytes(PART)


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PartCache:
    monkeypatch.setattr(cache_module, "PAUSE_S", 0.0)
    return PartCache(tmp_path / "parts")


class Source:
    """Bytes, and where they were asked for."""

    def __init__(self, data: bytes = PART, *, ranges: bool = True, cuts: tuple[int, ...] = ()) -> None:
        self.data, self.ranges, self.cuts = data, ranges, list(cuts)
        self.starts: list[int] = []

    def __call__(self, start: int) -> tuple[int, Iterator[bytes]]:
        self.starts.append(start)
        return (start if self.ranges else 0), self._chunks(start if self.ranges else 0)

    def _chunks(self, start: int) -> Iterator[bytes]:
        end = self.cuts.pop(0) if self.cuts else len(self.data)
        for at in range(start, end, 1000):
            yield self.data[at : min(at + 1000, end)]
        if end < len(self.data):
            raise ConnectionResetError("cut")


def fetch(parts: PartCache, source: Download) -> bytes | None:
    parts.fetch(DIGEST, len(PART), source, "there")
    return parts.read(DIGEST)


def test_a_part_comes_once_and_is_read_from_then_on(parts: PartCache) -> None:
    source = Source()
    assert parts.read(DIGEST) is None
    assert fetch(parts, source) == PART
    assert fetch(parts, source) == PART
    assert source.starts == [0]
    assert [path.name for path in parts.folder.iterdir()] == [DIGEST]


def test_a_line_that_is_cut_is_taken_up_where_it_was(parts: PartCache) -> None:
    source = Source(cuts=(1500, 1500, 4000))
    assert fetch(parts, source) == PART
    assert source.starts == [0, 1500, 1500, 4000]


def test_what_a_killed_run_left_is_kept(parts: PartCache) -> None:
    (parts.folder / f"{DIGEST}.part").write_bytes(PART[:7000])
    source = Source()
    assert fetch(parts, source) == PART
    assert source.starts == [7000]


def test_a_registry_without_ranges_begins_anew(parts: PartCache) -> None:
    (parts.folder / f"{DIGEST}.part").write_bytes(PART[:7000])
    source = Source(ranges=False)
    assert fetch(parts, source) == PART
    assert source.starts == [7000]


@pytest.mark.parametrize(
    "left", [b"x" * 7000, PART + b"x", b"x" * len(PART)], ids=["other", "longer", "whole"]
)
def test_a_spoilt_beginning_is_thrown_away_once(parts: PartCache, left: bytes) -> None:
    (parts.folder / f"{DIGEST}.part").write_bytes(left)
    assert fetch(parts, Source()) == PART


def test_a_whole_part_without_its_name_asks_for_nothing(parts: PartCache) -> None:
    (parts.folder / f"{DIGEST}.part").write_bytes(PART)
    source = Source()
    assert fetch(parts, source) == PART
    assert source.starts == []


@pytest.mark.parametrize("sent", [PART[:-1] + b"x", PART + b"more", PART[:-5]], ids=["other", "more", "less"])
def test_other_bytes_are_refused_and_leave_nothing(parts: PartCache, sent: bytes) -> None:
    with pytest.raises(BundleError, match="something else"):
        fetch(parts, Source(sent))
    assert parts.read(DIGEST) is None
    assert not any(path.stat().st_size for path in parts.folder.iterdir())


def test_no_more_is_taken_than_a_part_may_have(parts: PartCache) -> None:
    taken = 0

    def endless(start: int) -> tuple[int, Iterator[bytes]]:
        def chunks() -> Iterator[bytes]:
            nonlocal taken
            while True:
                taken += 1000
                yield b"x" * 1000

        return start, chunks()

    with pytest.raises(BundleError, match="something else"):
        fetch(parts, endless)
    assert taken <= len(PART) + 1000


def test_a_line_that_is_always_cut_ends_in_an_error_and_keeps_what_came(parts: PartCache) -> None:
    with pytest.raises(RegistryError, match="again and again") as caught:
        fetch(parts, Source(cuts=(3000,) * 20))
    assert caught.value.came == f"3000 of {len(PART)} bytes of a part"
    assert (parts.folder / f"{DIGEST}.part").stat().st_size == 3000


def test_a_spoilt_part_is_not_believed(parts: PartCache) -> None:
    fetch(parts, Source())
    (parts.folder / DIGEST).write_bytes(PART[:-1] + b"x")
    assert parts.read(DIGEST) is None
    assert fetch(parts, Source()) == PART


def test_an_empty_part_is_one(parts: PartCache) -> None:
    nothing = sha256_bytes(b"")
    parts.fetch(nothing, 0, Source(b""), "there")
    assert parts.read(nothing) == b""


def test_two_at_once_ask_once(parts: PartCache) -> None:
    began, go_on = threading.Event(), threading.Event()
    asked: list[int] = []

    def slow(start: int) -> tuple[int, Iterator[bytes]]:
        asked.append(start)
        began.set()
        go_on.wait(10)
        return start, iter([PART[start:]])

    threads = [threading.Thread(target=fetch, args=(parts, slow)) for _ in range(2)]
    threads[0].start()
    assert began.wait(10)
    threads[1].start()
    with (parts.folder / f"{DIGEST}.part").open("rb") as file, pytest.raises(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert asked == [0]
    assert [path.name for path in parts.folder.iterdir()] == [DIGEST]


def test_what_nobody_asks_for_goes_after_a_while(parts: PartCache) -> None:
    fetch(parts, Source())
    parts.forget()
    assert parts.read(DIGEST) == PART
    old = time.time() - cache_module.KEPT_S - 60
    os.utime(parts.folder / DIGEST, (old, old))
    assert parts.read(DIGEST) == PART  # which asks for it
    parts.forget()
    assert parts.read(DIGEST) == PART
    os.utime(parts.folder / DIGEST, (old, old))
    parts.forget()
    assert parts.read(DIGEST) is None


def test_a_cache_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cache of parts") as caught:
        PartCache(tmp_path / "file" / "parts")
    assert "--cache" in str(caught.value.hint)


def test_where_the_cache_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    place: Callable[[], Path] = default_cache
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("FIELDPACK_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert place() == tmp_path / ".cache" / "fieldpack" / "blobs"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    assert place() == tmp_path / "x" / "fieldpack" / "blobs"
    monkeypatch.setenv("FIELDPACK_CACHE", str(tmp_path / "own"))
    assert place() == tmp_path / "own" / "blobs"
