"""A machine behind ssh as a target: a single-board computer, a server, a container with a daemon.

All commands share one connection. Files go through the shell, so that neither sftp nor scp has to be there.
ssh asks nothing: what needs a password or an unknown host's confirmation fails with its words.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from fieldpack.errors import MissingDependencyError, TargetError
from fieldpack_benchmarks.targets.transport import COPY_S, ShellTransport, bounded, install

SPACE = "free some space, or name another folder"
CONNECT_S, POLL_S = 10, 0.02
ADDRESS = re.compile(r"(?P<user>[^@]+@)?(\[(?P<six>[^]]+)\]|(?P<host>[^:\[\]]+))(:(?P<port>\d+))?")
REASONS = {
    "Permission denied": "the host does not know your key: ssh-copy-id",
    "Host key verification failed": "connect once by hand and compare the key of the host",
    "Connection refused": "no ssh daemon listens there; is it the port?",
    "Could not resolve": "no host has this name",
    "timed out": "the host does not answer; is it on?",
    "No route to host": "the host does not answer; is it on?",
}


class SshTransport(ShellTransport):
    """Runs programs on a machine behind ssh.

    Parameters
    ----------
    address : str
        ``host``, ``user@host`` or ``user@host:port``; an IPv6 address with a port in brackets.
    options : sequence of str
        More options of the client, such as ``-i KEY``.
    parent : str
        Folder of the machine in which one is made.
    environment : mapping, optional
        Variables of the client.
    """

    def __init__(
        self,
        address: str,
        options: Sequence[str] = (),
        parent: str = "/tmp",
        environment: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"ssh:{address}", parent, environment)
        found = ADDRESS.fullmatch(address)
        host = address if found is None else f"{found['user'] or ''}{found['six'] or found['host']}"
        port = [] if found is None or found["port"] is None else ["-p", found["port"]]
        self._options = ["-o", "BatchMode=yes", "-o", f"ConnectTimeout={CONNECT_S}", "-o",
                         "ServerAliveInterval=5", *options, *port, "--", host]  # fmt: skip
        self._link = ""
        self._master: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._connect()
        try:
            return super().__enter__()
        except BaseException:
            self._disconnect()
            raise

    def __exit__(self, *error: object) -> None:
        try:
            super().__exit__(*error)
        finally:
            self._disconnect()

    def client(self, script: str) -> list[str]:
        """``ssh`` over the one connection, with a script for ``sh``, whatever shell the user has there."""
        return ["ssh", "-S", self._link, *self._options, f"exec sh -c {shlex.quote(script)}"]

    def _connect(self) -> None:
        """Open the one connection that all commands share: a login takes as long as a small run."""
        folder = Path(tempfile.mkdtemp(prefix="fieldpack-ssh-"))
        self._link = str(folder / "link")
        command = ["ssh", "-M", "-N", "-S", self._link, *self._options]
        with (folder / "log").open("wb") as log:
            try:
                self._master = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self._environment,
                    start_new_session=True,
                )  # fmt: skip
            except FileNotFoundError as error:
                self._disconnect()
                raise MissingDependencyError(
                    f"ssh is needed to reach {self.place}", came="not installed", hint=install("ssh")
                ) from error
        end = time.monotonic() + 2 * CONNECT_S
        while not Path(self._link).exists():
            if self._master.poll() is not None or time.monotonic() > end:
                words = (folder / "log").read_text(errors="replace").strip()
                self._disconnect()
                raise self.lost(words or "timed out")
            time.sleep(POLL_S)

    def _disconnect(self) -> None:
        if self._master is not None:
            self._master.kill()
            self._master.wait()
        if self._link:
            shutil.rmtree(Path(self._link).parent, ignore_errors=True)
        self._link, self._master = "", None

    def push(self, source: Path, name: str, *, executable: bool = False) -> None:
        """Send a file through the shell, and see that it is whole.

        Raises
        ------
        TargetError
            It did not arrive.
        """
        path = shlex.quote(self.inside(name))
        script = f"cat > {path} && chmod {'755' if executable else '644'} {path}"
        done = self.shell(script, COPY_S, given=source)
        if done.code:
            raise TargetError(
                f"{source.name} cannot be put on {self.place}",
                came=done.stderr.strip(),
                hint=SPACE,
            )
        self.sized(source, name)

    def pull(self, name: str, target: Path) -> None:
        """Fetch a file, and see that it is whole.

        Raises
        ------
        TargetError
            It is not there, or did not come whole.
        """
        there = shlex.quote(self.inside(name))
        size = self.shell(f"wc -c < {there}")
        if size.code:
            raise TargetError(f"{name} cannot be fetched from {self.place}", came=size.stderr.strip())
        command = ["ssh", "-S", self._link, *self._options, f"exec cat {there}"]
        content, log, _ = bounded(command, COPY_S, self.place, self._environment)
        if len(content) != int(size.stdout):
            raise TargetError(
                f"{name} did not come whole from {self.place}",
                came=f"{len(content)} of {size.stdout.strip()} bytes {log.strip()}".strip(),
            )
        target.write_bytes(content)

    def lost(self, words: str) -> TargetError:
        """Reasons that ssh tells apart in words only: its exit code is 255 for all of them."""
        hint = next((hint for reason, hint in REASONS.items() if reason in words), None)
        if hint is None:
            return super().lost(words)
        return TargetError(f"{self.place} cannot be reached", came=words, hint=hint)
