"""A small registry in this process, which can be told to misbehave in the ways that real ones do."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from fieldpack.registry import client
from fieldpack.registry.reference import Reference

USER, PASSWORD = "warden", "heron"


@dataclass
class StubRegistry:
    """What the registry has, how it behaves, and what it was asked."""

    blobs: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[str, bytes] = field(default_factory=dict)
    login: str = ""  # basic or bearer
    ranges: bool = True
    other_range: bool = False  # it sends another range than was asked for
    cut_after: list[int] = field(default_factory=list)  # bytes of the next bodies, then the line is cut
    sent_instead: dict[str, bytes] = field(default_factory=dict)
    token_uses: int = 1000  # requests that one token is good for
    tokens: dict[str, tuple[int, str]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    port: int = 0

    def at(self, tag: str = "1.0.0") -> Reference:
        return Reference(f"127.0.0.1:{self.port}", "nature/tiny", tag)

    def count(self, method: str, part: str = "/blobs/") -> int:
        return sum(asked == method and part in path for asked, path in self.asked)


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    stub: StubRegistry

    def log_message(self, *words: object) -> None:
        pass

    def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        cut = self.stub.cut_after.pop(0) if self.stub.cut_after and len(body) > 1 else len(body)
        if self.command != "HEAD":
            self.wfile.write(body[:cut])
        if cut < len(body):
            self.close_connection = True

    def _refused(self) -> bool:
        """Answer a request without the right credentials; whether that was so."""
        given, scope = (
            self.headers.get("Authorization", ""),
            "pull" if self.command in ("GET", "HEAD") else "push",
        )
        if self.stub.login == "basic":
            wanted = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
            if given != wanted:
                self._answer(401, b"{}", Www_Authenticate='Basic realm="warblers"')
                return True
        if self.stub.login == "bearer":
            left, allowed = self.stub.tokens.get(given.removeprefix("Bearer "), (0, ""))
            if left < 1 or (scope == "push" and allowed != "push"):
                realm = f"http://127.0.0.1:{self.stub.port}/token"
                self._answer(
                    401, b"{}", Www_Authenticate=f'Bearer realm="{realm}",service="s",scope="{scope}"'
                )
                return True
            self.stub.tokens[given.removeprefix("Bearer ")] = left - 1, allowed
        return False

    def _token(self) -> None:
        wanted = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.headers.get("Authorization") != wanted:
            return self._answer(401, b"{}")
        name = f"token{len(self.stub.tokens)}"
        self.stub.tokens[name] = self.stub.token_uses, parse_qs(urlsplit(self.path).query)["scope"][0]
        self._answer(200, json.dumps({"token": name}).encode())

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = urlsplit(self.path).path
        self.stub.asked.append((self.command, self.path))
        if path == "/token":
            return self._token()
        if self._refused():
            return None
        last = path.rpartition("/")[2]
        if path == "/v2/":
            self._answer(200, b"{}")
        elif "/manifests/" in path:
            self._manifest(last, body)
        elif "/uploads/" in path:
            self._upload(body)
        else:
            self._blob(last)

    def _manifest(self, name: str, body: bytes) -> None:
        if self.command == "PUT":
            self.stub.manifests[name] = self.stub.manifests[digest_of(body)] = body
            return self._answer(201)
        if name not in self.stub.manifests:
            words = {"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}
            return self._answer(404, json.dumps(words).encode())
        data = self.stub.manifests[name]
        self._answer(200, self.stub.sent_instead.get(name, data), Docker_Content_Digest=digest_of(data))

    def _upload(self, body: bytes) -> None:
        if self.command == "POST":
            return self._answer(202, Location="/v2/nature/tiny/blobs/uploads/1?state=x")
        digest = parse_qs(urlsplit(self.path).query)["digest"][0]
        if digest_of(body) != digest:
            return self._answer(400)
        self.stub.blobs[digest] = body
        self._answer(201)

    def _blob(self, digest: str) -> None:
        if digest not in self.stub.blobs:
            return self._answer(404)
        data = self.stub.sent_instead.get(digest, self.stub.blobs[digest])
        start = int(self.headers.get("Range", "bytes=0-")[6:-1])
        if start >= len(data) > 0 and self.stub.ranges:
            return self._answer(416)
        if start and self.stub.other_range:
            return self._answer(206, data[1:], Content_Range=f"bytes 1-{len(data) - 1}/{len(data)}")
        if start and self.stub.ranges:
            return self._answer(206, data[start:], Content_Range=f"bytes {start}-{len(data) - 1}/{len(data)}")
        self._answer(200, data)

    do_GET = do_HEAD = do_POST = do_PUT = _handle  # noqa: N815


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StubRegistry]:
    """A registry that behaves; no credentials of this machine are in reach."""
    for name in (client.USER, client.PASSWORD, "DOCKER_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("FIELDPACK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("fieldpack.registry.cache.PAUSE_S", 0.0)
    stub = StubRegistry()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"stub": stub}))
    stub.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield stub
    server.shutdown()
    server.server_close()
