"""A line to a registry: a relay on loopback that counts what comes, slows it, acts after so many bytes."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from types import TracebackType

PIECE_BYTES = 4096


class Line:
    """A relay; a context manager.

    Parameters
    ----------
    host : str
        ``address:port`` of the registry.
    bytes_per_s : float
        Of what comes from there.
    """

    def __init__(self, host: str, bytes_per_s: float = float("inf")) -> None:
        address, _, port = host.rpartition(":")
        self._upstream = address, int(port)
        self._pause_s = PIECE_BYTES / bytes_per_s
        self._lock = threading.Lock()
        self._trap: tuple[int, Callable[[], None]] | None = None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.host = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.came_bytes = 0

    def __enter__(self) -> Line:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()

    def after(self, came_bytes: int, action: Callable[[], None]) -> None:
        """Act once, with the first piece that comes when `came_bytes` have come in all."""
        with self._lock:
            self._trap = came_bytes, action

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
                far = socket.create_connection(self._upstream)
            except OSError:
                return
            for source, sink, count in ((near, far, False), (far, near, True)):
                threading.Thread(target=self._relay, args=(source, sink, count), daemon=True).start()

    def _relay(self, source: socket.socket, sink: socket.socket, count: bool) -> None:
        try:
            while piece := source.recv(PIECE_BYTES):
                if count:
                    self._note(len(piece))
                sink.sendall(piece)
        except OSError:
            pass
        finally:
            for end in (source, sink):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    end.close()

    def _note(self, size: int) -> None:
        with self._lock:
            self.came_bytes += size
            due = self._trap is not None and self.came_bytes > self._trap[0]
            action = self._trap[1] if due and self._trap else None
            self._trap = None if due else self._trap
        if action is not None:
            action()
        time.sleep(self._pause_s)
