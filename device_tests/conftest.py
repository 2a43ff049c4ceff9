"""Real counterparts on loopback: Android's adbd with its client, and an sshd; and a bundle that files share.

Each counterpart is made once by a script beside this file, kept in ``.cache/``, and started for the tests
that ask for it; the reason of a skip is the command that installs what is missing. The bundle is built once
in a run. Besides them, the grammars of the languages of phones.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CACHE = HERE.parent / ".cache"
INSTALL = "make debian (as root)"
PATIENCE_S = 20.0
ABSENT = 77
"""Exit code of a script whose packages the archives of this machine do not have."""


@pytest.fixture(scope="session")
def meadow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The embedded picture model as a bundle in every form, for reading; all workers of a run share it."""
    from device_tests.build_test import build_meadow

    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    with (folder / "meadow.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "meadow").exists():
            build_meadow(folder, folder / "meadow")
    return folder / "meadow"


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


@pytest.fixture(scope="session")
def adbd_folder() -> Path:
    """The folder with ``adbd`` and ``adbd-secure``, built at the first request."""
    _needs("adb", "clang++", "apt-get", "dpkg-architecture")
    return _made("adbd", HERE / "adbd" / "build.sh")


@pytest.fixture
def adb_device(adbd_folder: Path, tmp_path: Path) -> Iterator[AdbDevice]:
    """A device that asks for no key, connected."""
    with _adb(adbd_folder / "adbd", tmp_path) as device:
        yield device


@pytest.fixture
def locked_adb_device(adbd_folder: Path, tmp_path: Path) -> Iterator[AdbDevice]:
    """A device that does not know the client's key, as a phone whose owner has not agreed yet."""
    with _adb(adbd_folder / "adbd-secure", tmp_path) as device:
        yield device


@pytest.fixture
def ssh_host(tmp_path: Path) -> Iterator[SshHost]:
    """A host that takes the key of the test."""
    _needs("ssh", "scp", "ssh-keygen", "apt-get", "dpkg")
    root = _made("sshd", HERE / "sshd" / "fetch.sh") / "root"
    with _ssh(root, tmp_path) as host:
        yield host


def _needs(*programs: str) -> None:
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} missing: {INSTALL}")


def _made(name: str, script: Path) -> Path:
    """What a script makes in the cache; processes that want it at once wait for the first."""
    folder = CACHE / name
    folder.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run([str(script), str(folder)], capture_output=True, text=True, check=False)
    if done.returncode == ABSENT:
        pytest.skip(f"{name}: {done.stderr.strip()[-300:]}")
    if done.returncode:
        pytest.fail(f"{script.name} of {name} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return folder


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _wait(ready: Callable[[], bool], daemon: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + PATIENCE_S
    while not ready():
        if daemon.poll() is not None or time.monotonic() > end:
            pytest.fail(f"{log.stem} did not answer:\n{log.read_text(errors='replace')}")
        time.sleep(0.05)


def _answers(port: int) -> bool:
    with socket.socket() as found:
        return found.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def _running(
    command: list[str], log: Path, port: int, environment: dict[str, str], cwd: Path
) -> Iterator[subprocess.Popen[bytes]]:
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
def _adb(program: Path, folder: Path) -> Iterator[AdbDevice]:
    port, home, storage = _free_port(), folder / "home", folder / "device"
    home.mkdir()
    storage.mkdir()
    client = os.environ | {"HOME": str(home), "ANDROID_ADB_SERVER_PORT": str(_free_port())}
    serial = f"127.0.0.1:{port}"
    daemon_environment = os.environ | {"ADBD_PORT": str(port)}
    with _running([str(program)], folder / "adbd.log", port, daemon_environment, folder) as daemon:
        subprocess.run(["adb", "connect", serial], env=client, capture_output=True, check=True)
        try:
            yield AdbDevice(serial, client, storage, daemon)
        finally:
            subprocess.run(["adb", "kill-server"], env=client, capture_output=True, check=False)


@contextmanager
def _ssh(root: Path, folder: Path) -> Iterator[SshHost]:
    port, storage = _free_port(), folder / "host"
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
    with _running(command, folder / "sshd.log", port, environment, folder) as daemon:
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
    except KeyError:
        pytest.skip(f"sshd run by root wants an account sshd: {INSTALL}")


@pytest.fixture(scope="session")
def syntax_faults() -> Callable[[str, str], list[str]]:
    """What a grammar finds wrong with a text: its (language, text) -> faults."""
    reason = "no tree-sitter with Kotlin and Swift here: make venv"
    tree_sitter = pytest.importorskip("tree_sitter", reason=reason)
    grammars = {
        name: pytest.importorskip(f"tree_sitter_{name}", reason=reason) for name in ("kotlin", "swift")
    }

    def faults(language: str, text: str) -> list[str]:
        parser = tree_sitter.Parser(tree_sitter.Language(grammars[language].language()))
        waiting, found = [parser.parse(text.encode()).root_node], []
        while waiting:
            node = waiting.pop()
            if node.is_error or node.is_missing:
                found.append(f"line {node.start_point[0] + 1}: {node.type}")
            waiting += node.children
        return found

    return faults
