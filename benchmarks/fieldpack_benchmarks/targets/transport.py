"""The three things that every target can do, push, run and pull, and how commands on it are believed."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

from fieldpack.errors import MissingDependencyError, TargetError
from fieldpack_benchmarks.targets.facts import SCRIPT, TargetFacts, parse_facts

END = "#fieldpack-shell-end"
PATIENCE_S, COPY_S = 60.0, 300.0
TAIL = 400


@dataclass(frozen=True, slots=True)
class Finished:
    """A command that ended on the target, not only here.

    Attributes
    ----------
    stdout, stderr : str
        What it printed.
    code : int
        Its own exit code, 128 and the signal's number where one killed it.
    """

    stdout: str
    stderr: str
    code: int


class Transport(Protocol):
    """A way to a target. As a context it makes a folder of its own there, and removes it at the end.

    Names are those of files in that folder, which is where commands run.
    """

    place: str

    def __enter__(self) -> Self: ...

    def __exit__(self, *error: object) -> None: ...

    def facts(self) -> TargetFacts:
        """What the target says of itself, now."""
        ...

    def push(self, source: Path, name: str, *, executable: bool = False) -> None:
        """Put a file there."""
        ...

    def run(self, command: Sequence[str], timeout_s: float) -> Finished:
        """Run a program that was pushed, to its end."""
        ...

    def pull(self, name: str, target: Path) -> None:
        """Fetch a file."""
        ...


class ShellTransport:
    """What transports share that reach a POSIX shell: every command says at its end that it ended, and how.

    Parameters
    ----------
    place : str
        Name of the target, for messages.
    parent : str
        Folder on the target in which one is made.
    environment : mapping, optional
        Variables of the client; those of this process by default.
    """

    def __init__(self, place: str, parent: str, environment: Mapping[str, str] | None = None) -> None:
        self.place, self._parent = place, parent
        self._environment = dict(os.environ if environment is None else environment)
        self._folder = ""

    folder_name = "fieldpack-run-$$"
    """Of the folder on the target; its shell fills in a number."""

    @property
    def folder(self) -> str:
        """The folder on the target; empty before and after."""
        return self._folder

    def client(self, script: str) -> list[str]:
        """The command here that runs a script there."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        parent = shlex.quote(self._parent)
        made = f"{parent}/{self.folder_name}"
        done = self.shell(f"mkdir -p {parent} && mkdir -m 700 {made} && echo {made}")
        if done.code:
            raise TargetError(
                f"No folder can be made on {self.place}", came=done.stderr.strip() or self._parent,
                hint="the target must let you write there; on this machine TMPDIR says where",
            )  # fmt: skip
        self._folder = done.stdout.strip().splitlines()[-1]
        return self

    def __exit__(self, *error: object) -> None:
        folder, self._folder = self._folder, ""
        try:
            self.shell(f"rm -rf {shlex.quote(folder)}")
        except TargetError:
            if error[0] is None:  # else the target is gone, and the first error says so
                raise

    def facts(self) -> TargetFacts:
        """What the target says of itself, now."""
        where = f"cd {shlex.quote(self._folder)} && " if self._folder else ""
        return parse_facts(self.shell(f"{where}{{ {SCRIPT} }}").stdout, self.place)

    def run(self, command: Sequence[str], timeout_s: float) -> Finished:
        """Run a program that was pushed, to its end."""
        return self.shell(f"cd {shlex.quote(self._folder)} && {shlex.join(command)}", timeout_s)

    def shell(self, script: str, timeout_s: float = PATIENCE_S, given: Path | None = None) -> Finished:
        """Run a script on the target.

        Parameters
        ----------
        script : str
            For ``sh``.
        timeout_s : float
            Seconds until the target counts as lost.
        given : Path, optional
            File that it reads from its input.

        Raises
        ------
        TargetError
            The command did not say that it ended: the target is gone, refuses, or takes too long.
        MissingDependencyError
            The client is not installed.
        """
        command = self.client(f"({script}\n)\ncode=$?\necho\necho '{END}' $code")
        printed, err, code = bounded(command, timeout_s, self.place, self._environment, given)
        head, mark, rest = printed.decode(errors="replace").replace("\r\n", "\n").rpartition(f"\n{END} ")
        if not mark or not rest.strip().isdigit():
            raise self.lost(f"{err.strip()[-TAIL:]} (client's exit code {code})".strip())
        return Finished(head, err, int(rest))

    def lost(self, words: str) -> TargetError:
        """The error for a command that did not come to its end."""
        return TargetError(
            f"{self.place} was lost, or did not take the command",
            came=words,
            allowed=f"output that ends with {END}; the client's exit code alone proves nothing",
            hint="see whether the target is still there, and run it again",
        )

    def sized(self, source: Path, name: str) -> None:
        """Refuse a pushed file that is not whole."""
        there = self.shell(f"wc -c < {shlex.quote(self.inside(name))}").stdout.strip()
        if there != str(source.stat().st_size):
            raise TargetError(
                f"{source.name} did not arrive whole on {self.place}",
                came=f"{there or 'no'} of {source.stat().st_size} bytes",
                hint="free some space on the target",
            )

    def inside(self, name: str) -> str:
        """A name in the folder as a path of the target."""
        return f"{self._folder}/{name}"


def bounded(
    command: Sequence[str],
    timeout_s: float,
    place: str,
    environment: Mapping[str, str],
    given: Path | None = None,
) -> tuple[bytes, str, int]:
    """Run a client here: its output, its log and its exit code. At the time-out its whole group is killed."""
    with open(os.devnull if given is None else given, "rb") as source:
        try:
            child = subprocess.Popen(
                command, stdin=source, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(environment),
                start_new_session=True,
            )  # fmt: skip
        except FileNotFoundError as error:
            raise MissingDependencyError(
                f"{command[0]} is needed to reach {place}", came="not installed", hint=install(command[0])
            ) from error
        try:
            out, err = child.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired as error:
            raise TargetError(
                f"{place} gave no answer in time",
                came=f"{timeout_s:g} s",
                hint="ask for less, or wait longer",
            ) from error
        finally:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
                child.communicate()
    return out, err.decode(errors="replace"), child.returncode


def install(program: str) -> str:
    """How a missing program is installed."""
    packages = {
        "ssh": "openssh-client",
        "qemu-aarch64": "qemu-user",
        "aarch64-linux-gnu-gcc": "gcc-aarch64-linux-gnu g++-aarch64-linux-gnu",
    }
    return f"apt-get install {packages.get(program, program)}"
