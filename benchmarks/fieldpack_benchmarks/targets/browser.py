"""A headless Chromium that is spoken to by its debugging pipe, and a server of one folder on loopback.

The pipe is the DevTools protocol without a port: JSON messages that end in a zero byte. The browser resolves
no name but 127.0.0.1, so that a page which needs a network fails.
"""

from __future__ import annotations

import base64
import fcntl
import http.server
import json
import os
import select
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from fieldpack.errors import MissingDependencyError, TargetError

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
INSTALL = "make debian (as root), or apt-get install chromium"
OPTIONS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
    "--disable-quic", "--disable-dev-shm-usage", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--remote-debugging-pipe",
)  # fmt: skip
PATIENCE_S = 60.0


def browser_program() -> str:
    """The Chromium of this machine.

    Raises
    ------
    MissingDependencyError
        There is none.
    """
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        raise MissingDependencyError("there is no Chromium", came=", ".join(BROWSERS), hint=INSTALL)
    return found


class Browser:
    """One page of a running Chromium; made by :func:`open_browser`."""

    def __init__(self, process: subprocess.Popen[bytes], reading: int, writing: int) -> None:
        self._process, self._reading, self._writing = process, reading, writing
        self._number, self._rest = 0, b""
        self._session: str | None = None
        self.console: list[str] = []
        target = self._ask("Target.createTarget", {"url": "about:blank"})["targetId"]
        attached = self._ask("Target.attachToTarget", {"targetId": target, "flatten": True})
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "DOM"):
            self._ask(f"{domain}.enable", {})

    def size(self, width: int, height: int, *, dark: bool = False) -> None:
        """Lay pages out for a screen of that many CSS pixels."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self._ask("Emulation.setDeviceMetricsOverride", metrics)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._ask("Emulation.setEmulatedMedia", {"features": [scheme]})

    def offline(self, off: bool) -> None:
        """Take the network away from pages and their workers, or give it back."""
        self._ask("Network.enable", {})
        conditions = {"offline": off, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        self._ask("Network.emulateNetworkConditions", conditions)

    def go(self, url: str) -> None:
        """Open a page."""
        self._ask("Page.navigate", {"url": url})

    def version(self) -> str:
        """Name and version of the browser."""
        told = self._ask("Runtime.evaluate", {"expression": "navigator.userAgent", "returnByValue": True})
        words = str(told["result"]["value"]).split()
        return next((word for word in words if "Chrome/" in word), "Chromium")

    def value(self, expression: str, patience_s: float = PATIENCE_S) -> Any:
        """The value of a JavaScript expression in the page; a promise is awaited.

        Raises
        ------
        TargetError
            It threw.
        """
        wanted = {"expression": expression, "awaitPromise": True, "returnByValue": True}
        answer = self._ask("Runtime.evaluate", wanted, patience_s)
        if "exceptionDetails" in answer:
            told = answer["exceptionDetails"].get("exception", {}).get("description", "an exception")
            raise TargetError("a page threw", came=str(told)[:500])
        return answer["result"].get("value")

    def wait(self, expression: str, patience_s: float = PATIENCE_S) -> Any:
        """The value of an expression once it is true.

        Raises
        ------
        TargetError
            It was not within `patience_s`.
        """
        end = time.monotonic() + patience_s
        while time.monotonic() < end:
            if found := self.value(expression):
                return found
            time.sleep(0.02)
        raise TargetError(
            "a page did not come to an end", came=f"{expression[:200]}; console: {self.console[-3:]}"
        )

    def give_file(self, selector: str, path: Path) -> None:
        """Choose a file in an ``input`` of the page."""
        root = self._ask("DOM.getDocument", {})["root"]["nodeId"]
        node = self._ask("DOM.querySelector", {"nodeId": root, "selector": selector})["nodeId"]
        self._ask("DOM.setFileInputFiles", {"nodeId": node, "files": [str(path)]})

    def screenshot(self) -> bytes:
        """The whole page as PNG."""
        shot = {"format": "png", "captureBeyondViewport": True}
        return base64.b64decode(self._ask("Page.captureScreenshot", shot)["data"])

    def _ask(self, method: str, parameters: dict[str, Any], patience_s: float = PATIENCE_S) -> dict[str, Any]:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._writing, data) :]
        end = time.monotonic() + patience_s
        while True:
            answer = self._message(end, method)
            if answer.get("id") != self._number:
                self._note(answer)
            elif "error" in answer:
                raise TargetError("Chromium refuses a command", came=f"{method}: {answer['error']}")
            else:
                result: dict[str, Any] = answer["result"]
                return result

    def _note(self, event: dict[str, Any]) -> None:
        if event.get("method") in ("Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled"):
            self.console.append(json.dumps(event["params"])[:600])

    def _message(self, end: float, method: str) -> dict[str, Any]:
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._reading], [], [], max(0.0, end - time.monotonic()))
            data = os.read(self._reading, 1 << 20) if ready else b""
            if not data:
                raise TargetError("Chromium gave no answer", came=f"{method}, exit {self._process.poll()}")
            self._rest += data
        text, _, self._rest = self._rest.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        return message


def _high_pipe() -> tuple[int, int]:
    """A pipe whose ends are not 3 or 4, which are Chromium's."""
    low = os.pipe()
    high = tuple(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in low)
    for end in low:
        os.close(end)
    return high[0], high[1]


@contextmanager
def open_browser(folder: Path) -> Iterator[Browser]:
    """Start a Chromium whose profile lies below `folder`, and end it.

    Raises
    ------
    MissingDependencyError
        There is no Chromium.
    TargetError
        It gives no answer.
    """
    program = browser_program()
    theirs_in, ours_out = _high_pipe()
    ours_in, theirs_out = _high_pipe()
    shell = f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}'
    command = ["bash", "-c", shell, "bash", program, *OPTIONS, f"--user-data-dir={folder / 'profile'}"]
    process = subprocess.Popen(
        command, pass_fds=(theirs_in, theirs_out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    os.close(theirs_in)
    os.close(theirs_out)
    try:
        yield Browser(process, ours_in, ours_out)
    finally:
        process.kill()
        process.wait()
        os.close(ours_in)
        os.close(ours_out)


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def guess_type(self, path: Any) -> str:
        return "text/javascript" if str(path).endswith(".js") else super().guess_type(path)

    def log_message(self, format: str, *args: Any) -> None:
        return None


class _Isolated(_Quiet):
    def end_headers(self) -> None:
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        super().end_headers()


@contextmanager
def served(folder: Path, *, isolated: bool = False) -> Iterator[str]:
    """The address of a server of `folder` on loopback, with a slash at the end.

    An `isolated` page shares no process with others, and its clock is finer for it.
    """
    kind = _Isolated if isolated else _Quiet
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(kind, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
