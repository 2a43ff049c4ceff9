"""A repository of a registry, by way of ``oras``: manifests and blobs, with errors that say what to do.

``oras`` knows addresses, the credentials of Docker's files and helpers, and tokens. What it lacks is here: a
request ends in time, an unknown host is told at once (``oras`` sleeps for two minutes), a blob is taken from
the middle, a token that ran out is asked for anew. Protocol: OCI Distribution Specification 1.1.
"""

from __future__ import annotations

import functools
import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from fieldpack.bundle.digest import sha256_bytes
from fieldpack.bundle.finding import one_line
from fieldpack.errors import BundleError, MissingDependencyError, RegistryError
from fieldpack.registry.artefact import LARGEST_BYTES, MANIFEST_TYPE
from fieldpack.registry.reference import Reference

USER, PASSWORD = "FIELDPACK_REGISTRY_USER", "FIELDPACK_REGISTRY_PASSWORD"
TIMEOUTS_S = (10.0, 60.0)
"""To connect, and between two bytes."""
CHUNK_BYTES = 1 << 16
_OK, _CREATED, _ACCEPTED, _PARTIAL = 200, 201, 202, 206
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _NOT_SATISFIABLE = 401, 403, 404, 416


class RegistryClient:
    """One repository.

    Parameters
    ----------
    reference : Reference
        What is pushed or pulled.
    plain_http : bool
        Speak HTTP without TLS; on loopback that is so always.

    Raises
    ------
    MissingDependencyError
        The extra ``registry`` is not installed.
    RegistryError
        The host cannot be reached, is no registry, or wants a login that is not there.
    """

    def __init__(self, reference: Reference, *, plain_http: bool = False) -> None:
        oras = _oras()
        self.reference = reference
        self._container = oras.container.Container(str(reference))
        insecure = plain_http or reference.on_loopback
        self._base = f"{'http' if insecure else 'https'}://"
        self._own: dict[str, str] = {}
        self._registry = oras.provider.Registry(reference.host, insecure=insecure)
        self._registry.session = _session()
        self._registry.auth.session = self._registry.session
        # Without its retries, which sleep through two minutes: `_session` has its own.
        self._send = type(self._registry).do_request.__wrapped__
        self._log_in()

    def manifest(self) -> bytes:
        """What stands under the reference.

        Raises
        ------
        BundleError
            Its bytes do not have the digest that was asked for or stated.
        RegistryError
            There is nothing, or it cannot be had.
        """
        address = self._base + self._container.manifest_url(self.reference.wanted)
        response = self._request("GET", address, {"Accept": MANIFEST_TYPE}, stream=True)
        self._expect(response, {_OK}, f"no {self.reference} there")
        data = b"".join(self._limited(response))
        stated = response.headers.get("Docker-Content-Digest") or f"sha256:{sha256_bytes(data)}"
        for wanted in (stated, f"sha256:{self.reference.digest}" if self.reference.digest else stated):
            if wanted.startswith("sha256:") and wanted != f"sha256:{sha256_bytes(data)}":
                raise BundleError(
                    f"{self.reference.host} sent something else than was asked for",
                    came=f"sha256:{sha256_bytes(data)}",
                    allowed=wanted,
                )
        return data

    def blob(self, digest: str, start: int) -> tuple[int, Iterator[bytes]]:
        """A blob from byte `start` on, or from its first byte where the registry knows no ranges.

        Raises
        ------
        RegistryError
            It is not there, or cannot be had.
        """
        address = self._base + self._container.get_blob_url(f"sha256:{digest}")
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
        response = self._request("GET", address, headers, stream=True)
        if response.status_code == _NOT_SATISFIABLE and start:
            return self.blob(digest, 0)
        self._expect(response, {_OK, _PARTIAL}, f"a part of {self.reference} is not there: sha256:{digest}")
        whole = response.status_code == _OK
        if not whole and not response.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
            return self.blob(digest, 0)
        return 0 if whole else start, self._chunks(response)

    def has_blob(self, digest: str) -> bool:
        """Whether the repository has a blob."""
        address = self._base + self._container.get_blob_url(f"sha256:{digest}")
        response = self._request("HEAD", address)
        self._expect(response, {_OK, _NOT_FOUND}, "")
        return bool(response.status_code == _OK)

    def put_blob(self, digest: str, data: bytes) -> None:
        """Send a blob; the registry holds it against the digest.

        Raises
        ------
        RegistryError
            It is not taken.
        """
        from oras.utils import append_url_params

        begin = self._base + self._container.upload_blob_url()
        opened = self._request("POST", begin, {"Content-Length": "0"})
        self._expect(opened, {_ACCEPTED}, f"no repository {self.reference.name} there")
        place = append_url_params(
            urljoin(begin, opened.headers.get("Location", "")), {"digest": f"sha256:{digest}"}
        )
        sent = self._request("PUT", place, {"Content-Type": "application/octet-stream"}, data)
        self._expect(sent, {_CREATED, _ACCEPTED}, "the upload was forgotten")

    def put_manifest(self, data: bytes) -> None:
        """Put a manifest under the reference.

        Raises
        ------
        RegistryError
            It is not taken.
        """
        address = self._base + self._container.manifest_url(self.reference.wanted)
        sent = self._request("PUT", address, {"Content-Type": MANIFEST_TYPE}, data)
        self._expect(sent, {_CREATED, _ACCEPTED, _OK}, f"no repository {self.reference.name} there")

    def _log_in(self) -> None:
        """Ask what the registry wants, and find the credentials for it."""
        auth = self._registry.auth
        auth.load_configs(self._container, _docker_files())
        if os.environ.get(USER):
            auth.set_basic_auth(os.environ[USER], os.environ.get(PASSWORD, ""))
        response = self._guarded(
            lambda: self._registry.session.get(f"{self._base}{self.reference.host}/v2/", stream=True)
        )
        response.close()
        challenge = response.headers.get("Www-Authenticate", "")
        if response.status_code not in (_OK, _UNAUTHORIZED):
            raise RegistryError(
                f"{self.reference.host} is no registry",
                came=f"status {response.status_code} for /v2/",
                allowed="a registry that speaks the OCI distribution protocol",
            )
        if challenge.lower().startswith("basic"):
            if not hasattr(auth, "_basic_auth"):
                raise self._refusal("a login is wanted, and there is none")
            self._own = {"Authorization": f"Basic {auth._basic_auth}"}

    def _request(
        self,
        method: str,
        address: str,
        headers: Mapping[str, str] | None = None,
        data: bytes | None = None,
        *,
        stream: bool = False,
    ) -> Any:
        """One request, with what the registry must know of us; a token that ran out is asked for anew."""
        own = self._own if urlsplit(address).netloc == self.reference.host else {}

        def send() -> Any:
            given = {**(headers or {}), **own}
            if own:
                session = self._registry.session
                return session.request(method, address, data=data, headers=given, stream=stream)
            return self._send(self._registry, address, method, data=data, headers=given, stream=stream)

        response = self._guarded(send)
        if response.status_code == _UNAUTHORIZED and self._registry.auth.token:
            self._registry.auth.token = None
            response = self._guarded(send)
        return response

    def _guarded(self, send: Any) -> Any:
        """Turn what a request may end in into an error of ours."""
        import requests

        host = self.reference.host
        try:
            return send()
        except requests.exceptions.SSLError as error:
            raise RegistryError(
                f"{host} cannot be trusted",
                came=_reason(error),
                allowed="TLS with a certificate that this machine trusts",
                hint="REQUESTS_CA_BUNDLE=FILE names another authority; --plain-http does without TLS",
            ) from error
        except requests.exceptions.RequestException as error:
            raise RegistryError(
                f"{host} cannot be reached",
                came=_reason(error),
                hint="look at its name, its port and the network",
            ) from error
        except ValueError as error:  # what oras raises where a token is refused
            raise self._refusal(str(error)) from error

    def _expect(self, response: Any, wanted: set[int], absent: str) -> None:
        """Refuse every other status, in words."""
        if response.status_code in wanted:
            return
        said = _said(response)
        if response.status_code in (_UNAUTHORIZED, _FORBIDDEN):
            raise self._refusal(said)
        if response.status_code == _NOT_FOUND and absent:
            raise RegistryError(
                absent, came=said, hint="look at name and tag; `fieldpack push` puts a bundle there"
            )
        raise RegistryError(
            f"{self.reference.host} does not do it", came=said, hint="ask who runs the registry"
        )

    def _refusal(self, said: str) -> RegistryError:
        return RegistryError(
            f"{self.reference.host} refuses",
            came=one_line(said)[:300],
            allowed=f"an account that may use {self.reference.name}",
            hint=f"set {USER} and {PASSWORD}, or run docker login {self.reference.host}",
        )

    def _limited(self, response: Any) -> Iterator[bytes]:
        size = 0
        for chunk in self._chunks(response):
            size += len(chunk)
            if size > LARGEST_BYTES:
                raise BundleError(
                    f"the manifest of {self.reference} is too large", allowed=f"{LARGEST_BYTES} bytes"
                )
            yield chunk

    def _chunks(self, response: Any) -> Iterator[bytes]:
        """The body as it comes; a ConnectionError where it ends too early."""
        import requests

        with response:
            try:
                yield from response.iter_content(CHUNK_BYTES)
            except requests.exceptions.RequestException as error:
                raise ConnectionResetError(_reason(error)) from error


def _oras() -> Any:
    try:
        import oras.container
        import oras.provider
    except ImportError as error:
        raise MissingDependencyError(
            "registries need oras", hint='pip install "fieldpack[registry]"'
        ) from error
    return oras


def _session() -> Any:
    """A session whose requests end, and are tried again where that can help."""
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.util import Retry

    tries = Retry(
        4, connect=2, backoff_factor=0.2, status_forcelist=(429, 500, 502, 503, 504), raise_on_status=False
    )
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(max_retries=tries))
    session.request = functools.partial(session.request, timeout=TIMEOUTS_S)
    return session


def _docker_files() -> list[str]:
    """Docker's file of logins where the variable says; the usual place is known to oras."""
    folder = os.environ.get("DOCKER_CONFIG")
    path = Path(folder) / "config.json" if folder else None
    return [str(path)] if path is not None and path.is_file() else []


def _reason(error: BaseException) -> str:
    """The innermost cause in one line; the outer ones repeat it."""
    inner = getattr(error.args[0], "reason", error.args[0]) if error.args else error
    return re.sub(r"^HTTPS?Connection\([^)]*\): ", "", one_line(str(inner)))[:300] or type(error).__name__


def _said(response: Any) -> str:
    """Status and message of a refusal."""
    try:
        body = next(response.iter_content(1 << 16), b"")
        response.close()
        message = _message(body)
    except Exception:  # noqa: BLE001  whatever a stranger's body is, the status is told
        message = ""
    return one_line(f"status {response.status_code} {response.reason or ''} {message}")[:300]


def _message(body: bytes) -> str:
    """The message of a distribution error, or nothing."""
    errors = json.loads(body)["errors"]
    return f"({errors[0]['code']}: {errors[0].get('message', '')})"
