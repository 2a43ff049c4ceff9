"""Keeping what native code writes to file descriptor 2 off the terminal, without losing errors.

LiteRT reports "INFO: Created TensorFlow Lite XNNPACK delegate" from C++ when it allocates, past
Python's ``sys.stderr`` and with no switch to turn it off. For the short time of loading a model the
descriptor points to a temporary file; afterwards information lines are dropped and every other line
is written to the real descriptor, so warnings, and lines of other threads, arrive late but arrive.
Inference is never wrapped.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

NOISE = ("INFO: ",)
_DESCRIPTOR = 2
_lock = threading.RLock()


@contextmanager
def captured_native_log() -> Iterator[list[str]]:
    """Collect what is written to file descriptor 2 while the block runs.

    Yields
    ------
    list of str
        Empty during the block; filled, without the information lines, when it ends. If the block
        raises, the lines are left to the caller, who puts them into the error; else they go to the
        real descriptor.
    """
    lines: list[str] = []
    with _lock, ExitStack() as stack:
        try:
            original = os.dup(_DESCRIPTOR)
            stack.callback(os.close, original)
            sink = stack.enter_context(tempfile.TemporaryFile())
        except OSError:  # no descriptor 2, or nowhere to write: then the noise is the lesser evil
            yield lines
            return
        yield from _redirected(sink.fileno(), original, lines)


def _redirected(sink: int, original: int, lines: list[str]) -> Iterator[list[str]]:
    _flush()
    os.dup2(sink, _DESCRIPTOR)
    finished = False
    try:
        yield lines
        finished = True
    finally:
        _flush()
        os.dup2(original, _DESCRIPTOR)
        lines.extend(_worth_keeping(sink))
        if finished and lines:
            with suppress(OSError):
                os.write(original, "".join(f"{line}\n" for line in lines).encode())


def _worth_keeping(sink: int) -> list[str]:
    os.lseek(sink, 0, os.SEEK_SET)
    with os.fdopen(os.dup(sink), "rb") as file:
        text = file.read().decode("utf-8", "replace")
    return [line for line in text.splitlines() if line.strip() and not line.startswith(NOISE)]


def _flush() -> None:
    if sys.stderr is not None and not sys.stderr.closed:
        sys.stderr.flush()
