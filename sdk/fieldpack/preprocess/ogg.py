"""Whether an Ogg file ends where its stream ends; libsndfile plays what is left of a cut one without a word.

RFC 3533, section 6: a page begins with ``OggS``, version 0, a byte of flags (4 marks the last page of a
stream), has its count of segments at byte 26, and behind that the length of each segment.
"""

from __future__ import annotations

from typing import BinaryIO

_LARGEST_PAGE = 27 + 255 + 255 * 255
_BEGIN = b"OggS\0"
_FLAGS, _SEGMENTS, _HEAD = 5, 26, 27
_LAST = 4


def end_finding(file: BinaryIO, length: int) -> str | None:
    """What there is to say of the end of an Ogg file.

    Parameters
    ----------
    file : binary file
        At any position, where it is left.
    length : int
        Bytes of the file.

    Returns
    -------
    str or None
        None for another kind of file, and where the last page is whole and marked as the last.
    """
    here = file.tell()
    try:
        file.seek(0)
        if file.read(len(_BEGIN)) != _BEGIN:
            return None
        file.seek(max(0, length - _LARGEST_PAGE))
        tail = file.read(_LARGEST_PAGE)
    finally:
        file.seek(here)
    page = tail[max(0, tail.rfind(_BEGIN)) :]
    if _is_whole(page) and page[_FLAGS] & _LAST:
        return None
    return "the Ogg stream has no end mark, as if the file were cut; what there is of it is heard"


def _is_whole(page: bytes) -> bool:
    if len(page) < _HEAD:
        return False
    lengths = page[_HEAD : _HEAD + page[_SEGMENTS]]
    return len(page) >= _HEAD + page[_SEGMENTS] + sum(lengths)
