"""Ogg pages written by hand, whole and cut at every byte."""

from __future__ import annotations

import io

import pytest

from fieldpack.preprocess.ogg import end_finding


def page(flags: int, *packets: bytes) -> bytes:
    head = b"OggS\0" + bytes([flags]) + bytes(20)
    return head + bytes([len(packets)]) + bytes(map(len, packets)) + b"".join(packets)


def said(data: bytes) -> str | None:
    file = io.BytesIO(data)
    file.seek(min(3, len(data)))
    found = end_finding(file, len(data))
    assert file.tell() == min(3, len(data))
    return found


def test_a_stream_with_its_end_is_not_named() -> None:
    assert said(page(2, b"head") + page(0, b"one", b"two" * 50) + page(4, b"last")) is None
    assert said(page(2, b"x") + page(0, *[bytes(255)] * 255) * 3 + page(4, *[bytes(255)] * 255)) is None


def test_every_cut_is_named() -> None:
    whole = page(2, b"head") + page(0, b"one") + page(4, b"the last")
    for size in range(5, len(whole)):
        assert "no end mark" in (said(whole[:size]) or ""), size


@pytest.mark.parametrize("data", [b"", b"Ogg", b"RIFF....WAVE", b"fLaC" + bytes(100)])
def test_other_files_are_none_of_its_business(data: bytes) -> None:
    assert said(data) is None
