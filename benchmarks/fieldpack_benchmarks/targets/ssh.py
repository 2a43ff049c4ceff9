"""A machine behind ssh as a target: a single-board computer, a server, a container with a daemon.

Files go through the shell, so that neither sftp nor scp has to be there. ssh asks nothing: what needs a
password or an unknown host's confirmation fails with its words.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from fieldpack.errors import TargetError
from fieldpack_benchmarks.targets.transport import PATIENCE_S, ShellTransport, bounded

SPACE = "free some space, or name another folder"
CONNECT_S = 10
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
        found = re.fullmatch(
            r"(?P<user>[^@]+@)?(\[(?P<six>[^]]+)\]|(?P<host>[^:\[\]]+))(:(?P<port>\d+))?", address
        )
        place = address if found is None else f"{found['user'] or ''}{found['six'] or found['host']}"
        port = [] if found is None or found["port"] is None else ["-p", found["port"]]
        self._ssh = ["ssh", "-o", "BatchMode=yes", "-o", f"ConnectTimeout={CONNECT_S}", "-o",
                     "ServerAliveInterval=5", *options, *port, "--", place]  # fmt: skip

    def client(self, script: str) -> list[str]:
        """``ssh`` with a script for ``sh``, whatever shell the user has there."""
        return [*self._ssh, f"exec sh -c {shlex.quote(script)}"]

    def push(self, source: Path, name: str, *, executable: bool = False) -> None:
        """Send a file through the shell, and see that it is whole.

        Raises
        ------
        TargetError
            It did not arrive.
        """
        path = shlex.quote(self.inside(name))
        done = self.shell(f"cat > {path} && chmod {'755' if executable else '644'} {path}", given=source)
        if done.code:
            raise TargetError(
                f"{source.name} cannot be put on {self.place}",
                came=done.stderr.strip(),
                hint="free some space",
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
        command = [*self._ssh, f"exec cat {there}"]
        content, log, _ = bounded(command, PATIENCE_S, self.place, self._environment)
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
