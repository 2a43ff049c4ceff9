"""A real registry on loopback: Debian's docker-registry, with an empty folder to keep things in.

From a shell it runs as long as a command, which finds its address in ``FIELDPACK_REGISTRY``::

    python -m device_tests.registry fieldpack study delivery
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from device_tests.loopback import HERE, free_port, made, needs, running

ADDRESS = "FIELDPACK_REGISTRY"
USER, PASSWORD = "warden", "heron"
LINE = f"{USER}:$2y$04$DgMN5AfOyGdHW02uYWXSUuXRt0aRIDcJuJ5Jv2qCn73mwbX8STrXW\n"
"""Of an htpasswd file: bcrypt of the password."""


@dataclass(frozen=True, slots=True)
class RegistryHost:
    """A registry that answers.

    Attributes
    ----------
    host : str
        ``127.0.0.1:port``.
    storage : Path
        Where it keeps what it gets.
    log : Path
        One line a request.
    daemon : Popen
        To be killed by tests that lose it.
    """

    host: str
    storage: Path
    log: Path
    daemon: subprocess.Popen[bytes]


def registry_program() -> Path:
    """``docker-registry``, unpacked at the first request."""
    needs("apt-get", "dpkg")
    return made("docker-registry", HERE / "docker_registry" / "fetch.sh") / "docker-registry"


@contextmanager
def registry_host(program: Path, folder: Path, *, login: bool = False) -> Iterator[RegistryHost]:
    """A registry; `folder` is an empty one for all that is its; with `login` it wants USER and PASSWORD."""
    port, storage = free_port(), folder / "storage"
    auth = {"htpasswd": {"realm": "warblers", "path": str(folder / "htpasswd")}} if login else {}
    (folder / "htpasswd").write_text(LINE)
    settings = {
        "version": 0.1,
        "log": {"level": "warn", "accesslog": {"disabled": False}},
        "storage": {"filesystem": {"rootdirectory": str(storage)}},
        "http": {"addr": f"127.0.0.1:{port}", "secret": "on loopback only"},
        **({"auth": auth} if login else {}),
    }
    (folder / "settings.yml").write_text(json.dumps(settings))  # JSON is YAML
    command, log = [str(program), "serve", str(folder / "settings.yml")], folder / "registry.log"
    with running(command, log, port, dict(os.environ), folder) as daemon:
        yield RegistryHost(f"127.0.0.1:{port}", storage, log, daemon)


def main(command: Sequence[str]) -> int:
    """Run a command while a registry does; its exit code."""
    with tempfile.TemporaryDirectory(prefix="fieldpack-registry-") as name, ExitStack() as stack:
        there = stack.enter_context(registry_host(registry_program(), Path(name)))
        done = subprocess.run(command, env=os.environ | {ADDRESS: there.host}, check=False)
    return done.returncode


if __name__ == "__main__":
    if not sys.argv[1:]:
        sys.exit("do: python -m device_tests.registry COMMAND ...")
    sys.exit(main(sys.argv[1:]))
