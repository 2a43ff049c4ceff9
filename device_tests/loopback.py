"""Real counterparts on loopback: Android's adbd with its client, and an sshd.

Each is made once by a script beside this file and kept in ``.cache/``. Tests take them as fixtures of
``conftest.py``. From a shell, both run as long as a command, which finds them in ``FIELDPACK_TARGETS``::

    python -m device_tests.loopback fieldpack study targets
"""

from __future__ import annotations

import fcntl
import os
import pwd
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
CACHE = HERE.parent / ".cache"
INSTALL = "make debian (as root)"
TARGETS = "FIELDPACK_TARGETS"
PATIENCE_S = 20.0
ABSENT = 77
"""Exit code of a script whose packages the archives of this machine do not have."""


class CounterpartMissingError(RuntimeError):
    """A counterpart cannot be had here; the text says what to install."""


class CounterpartError(RuntimeError):
    """A counterpart could not be made or does not answer; the text holds the end of its log."""


@dataclass(frozen=True, slots=True)
class AdbDevice:
    """A real adbd and the variables with which a real client finds it.

    Attributes
    ----------
    serial : str
        Name of the device, as ``adb devices`` lists it.
    environment : dict
        Variables of the client: a server of its own on a port of its own, and a key of its own.
    folder : Path
        An empty folder that the device may write to.
    daemon : Popen
        adbd, to be killed by tests that lose the device.
    """

    serial: str
    environment: dict[str, str]
    folder: Path
    daemon: subprocess.Popen[bytes]


@dataclass(frozen=True, slots=True)
class SshHost:
    """A real sshd on loopback.

    Attributes
    ----------
    address : str
        ``user@127.0.0.1:port``.
    options : tuple of str
        Of the client: key, known hosts, no other configuration.
    folder : Path
        An empty folder that the host may write to.
    daemon : Popen
        sshd, to be killed by tests that lose the host.
    """

    address: str
    options: tuple[str, ...]
    folder: Path
    daemon: subprocess.Popen[bytes]


def adbd_folder() -> Path:
    """The folder with ``adbd`` and ``adbd-secure``, built at the first request."""
    needs("adb", "clang++", "apt-get", "dpkg-architecture")
    return made("adbd", HERE / "adbd" / "build.sh")


def sshd_root() -> Path:
    """The root under which sshd was unpacked at the first request."""
    needs("ssh", "scp", "ssh-keygen", "apt-get", "dpkg")
    return made("sshd", HERE / "sshd" / "fetch.sh") / "root"


def kotlin_jars() -> Path:
    """The folder of Debian's Kotlin compiler, unpacked at the first request."""
    needs("java", "apt-get", "dpkg")
    return made("kotlin", HERE / "kotlin" / "fetch.sh")


def needs(*programs: str) -> None:
    """Raise CounterpartMissingError where one of the programs is not on the path."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        raise CounterpartMissingError(f"{', '.join(missing)} missing: {INSTALL}")


def made(name: str, script: Path) -> Path:
    """What a script makes in the cache; processes that want it at once wait for the first."""
    folder = CACHE / name
    folder.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run([str(script), str(folder)], capture_output=True, text=True, check=False)
    if done.returncode == ABSENT:
        raise CounterpartMissingError(f"{name}: {done.stderr.strip()[-300:]}")
    if done.returncode:
        words = f"{done.stdout}{done.stderr}"
        raise CounterpartError(f"{script.name} of {name} ended with {done.returncode}:\n{words}")
    return folder


def free_port() -> int:
    """A port of loopback that nobody listens at."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _wait(ready: Callable[[], bool], daemon: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + PATIENCE_S
    while not ready():
        if daemon.poll() is not None or time.monotonic() > end:
            raise CounterpartError(f"{log.stem} did not answer:\n{log.read_text(errors='replace')}")
        time.sleep(0.05)


def _answers(port: int) -> bool:
    with socket.socket() as found:
        return found.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def running(
    command: list[str], log: Path, port: int, environment: dict[str, str], cwd: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A daemon from its first answer on `port` until the end of the block; its words go to `log`."""
    with log.open("wb") as out:
        daemon = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environment, cwd=cwd
        )
    try:
        _wait(lambda: _answers(port), daemon, log)
        yield daemon
    finally:
        daemon.kill()
        daemon.wait()


@contextmanager
def adb_device(program: Path, folder: Path) -> Iterator[AdbDevice]:
    """An adbd of `adbd_folder`, connected; `folder` is an empty one for all that belongs to it."""
    port, home, storage = free_port(), folder / "home", folder / "device"
    home.mkdir()
    storage.mkdir()
    client = os.environ | {"HOME": str(home), "ANDROID_ADB_SERVER_PORT": str(free_port())}
    serial = f"127.0.0.1:{port}"
    daemon_environment = os.environ | {"ADBD_PORT": str(port)}
    with running([str(program)], folder / "adbd.log", port, daemon_environment, folder) as daemon:
        subprocess.run(["adb", "connect", serial], env=client, capture_output=True, check=True)
        try:
            yield AdbDevice(serial, client, storage, daemon)
        finally:
            subprocess.run(["adb", "kill-server"], env=client, capture_output=True, check=False)


@contextmanager
def ssh_host(root: Path, folder: Path) -> Iterator[SshHost]:
    """An sshd of `sshd_root`; `folder` is an empty one for all that belongs to it."""
    port, storage = free_port(), folder / "host"
    storage.mkdir()
    for name in ("host_key", "key"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(command, check=True)
    known = folder / "known_hosts"
    known.write_text(f"[127.0.0.1]:{port} {(folder / 'host_key.pub').read_text()}")
    (folder / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nUsePAM no\nStrictModes no\nPidFile none\n"
        f"HostKey {folder / 'host_key'}\nAuthorizedKeysFile {folder / 'key.pub'}\n"
    )
    _privilege_separation()
    libraries = ":".join(str(path) for path in sorted((root / "usr" / "lib").iterdir()))
    command = [str(root / "usr/sbin/sshd"), "-D", "-e", "-f", str(folder / "sshd_config")]
    environment = os.environ | {"LD_LIBRARY_PATH": libraries}
    with running(command, folder / "sshd.log", port, environment, folder) as daemon:
        user = pwd.getpwuid(os.getuid()).pw_name
        options = ("-F", "none", "-o", "BatchMode=yes", "-o", f"UserKnownHostsFile={known}", "-i",
                   str(folder / "key"))  # fmt: skip
        yield SshHost(f"{user}@127.0.0.1:{port}", options, storage, daemon)


def _privilege_separation() -> None:
    """As root, sshd wants an account and a folder for the part of it that has no rights."""
    if os.getuid() != 0:
        return
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    try:
        pwd.getpwnam("sshd")
    except KeyError as error:
        raise CounterpartMissingError(f"sshd run by root wants an account sshd: {INSTALL}") from error


def clients(folder: Path, device: AdbDevice, host: SshHost) -> Path:
    """A folder for the front of the path, whose ``adb`` and ``ssh`` know the device and the host."""
    tools = folder / "tools"
    tools.mkdir()
    own = [f"{name}={device.environment[name]}" for name in ("HOME", "ANDROID_ADB_SERVER_PORT")]
    _client(tools, "adb", ["env", *own], [])
    _client(tools, "ssh", [], host.options)
    return tools


def _client(tools: Path, name: str, before: Sequence[str], options: Sequence[str]) -> None:
    words = shlex.join([*before, str(shutil.which(name)), *options])
    path = tools / name
    path.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
    path.chmod(0o755)


def main(command: Sequence[str]) -> int:
    """Run a command while both counterparts do; its exit code."""
    with tempfile.TemporaryDirectory(prefix="fieldpack-loopback-") as name, ExitStack() as stack:
        folders = [Path(name) / kind for kind in ("adb", "ssh")]
        for folder in folders:
            folder.mkdir()
        device = stack.enter_context(adb_device(adbd_folder() / "adbd", folders[0]))
        host = stack.enter_context(ssh_host(sshd_root(), folders[1]))
        path = f"{clients(Path(name), device, host)}:{os.environ['PATH']}"
        named = f"adb:{device.serial} ssh:{host.address}"
        done = subprocess.run(command, env=os.environ | {"PATH": path, TARGETS: named}, check=False)
    return done.returncode


if __name__ == "__main__":
    if not sys.argv[1:]:
        sys.exit("do: python -m device_tests.loopback COMMAND ...")
    sys.exit(main(sys.argv[1:]))
