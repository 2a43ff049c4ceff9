"""Models run over real clients and real daemons on loopback, and every way in which they fail is told."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fieldpack.errors import MissingDependencyError, TargetError
from fieldpack.verdict import Evidence
from fieldpack_benchmarks.targets.adb import AdbTransport
from fieldpack_benchmarks.targets.facts import TargetFacts
from fieldpack_benchmarks.targets.host import HostTransport
from fieldpack_benchmarks.targets.model_run import run_model
from fieldpack_benchmarks.targets.payload import RUNNER, payload_for
from fieldpack_benchmarks.targets.protocol import RunRequest
from fieldpack_benchmarks.targets.small_models import small_input, small_network
from fieldpack_benchmarks.targets.ssh import SshTransport
from fieldpack_benchmarks.targets.transport import ShellTransport

if TYPE_CHECKING:
    from device_tests.loopback import AdbDevice, SshHost

pytestmark = pytest.mark.full
GIVEN = [small_input(quantised=True)]


@dataclass(frozen=True, slots=True)
class Remote:
    """A transport to a daemon that can be killed, and the folder in which it makes its own."""

    transport: AdbTransport | SshTransport
    daemon: subprocess.Popen[bytes]
    folder: Path


def _adb(device: AdbDevice) -> AdbTransport:
    return AdbTransport(device.serial, str(device.folder), device.environment)


def _ssh(host: SshHost) -> SshTransport:
    return SshTransport(host.address, host.options, str(host.folder))


@pytest.fixture(params=["adb", "ssh"])
def remote(request: pytest.FixtureRequest) -> Remote:
    found = request.getfixturevalue("adb_device" if request.param == "adb" else "ssh_host")
    return Remote(_adb(found) if request.param == "adb" else _ssh(found), found.daemon, found.folder)


@pytest.fixture(autouse=True)
def _compiler() -> None:
    try:
        payload_for(platform.machine())
    except MissingDependencyError as error:
        pytest.skip(f"{error.what}: {error.hint}")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "net.tflite"
    path.write_bytes(small_network(quantised=True, softmax=True))
    return path


def test_a_model_answers_there_as_here_and_leaves_nothing_behind(remote: Remote, model: Path) -> None:
    with HostTransport() as host, remote.transport as there:
        expected = run_model(host, model, GIVEN, RunRequest(profile=True))
        run = run_model(there, model, GIVEN, RunRequest(profile=True))
    assert run.outputs == expected.outputs
    assert run.report.fully_accelerated == expected.report.fully_accelerated
    assert (run.report.runner, len(run.report.wall_ns)) == ("c", 10)
    assert run.evidence is Evidence.HOST  # loopback: this machine, whatever the road
    assert run.facts.glibc == expected.facts.glibc
    assert not list(remote.folder.iterdir())


def test_files_of_any_bytes_and_names_of_any_letters_come_back(remote: Remote, tmp_path: Path) -> None:
    sent, back = tmp_path / "sent it's $HOME", tmp_path / "back"
    sent.write_bytes(bytes(range(256)) * 1000 + b"\r\n\n#fieldpack-shell-end 0\n")
    with remote.transport as there:
        there.push(sent, "file")
        there.pull("file", back)
    assert back.read_bytes() == sent.read_bytes()


def test_exit_codes_and_both_streams_come_from_the_command(remote: Remote) -> None:
    with remote.transport as there:
        done = there.run(["sh", "-c", "echo out; echo err >&2; exit 7"], 30)
        killed = there.run(["sh", "-c", "kill -9 $$"], 30)
        absent = there.run(["./no-such-program"], 30)
    assert (done.stdout.strip(), done.stderr.strip(), done.code) == ("out", "err", 7)
    assert (killed.code, absent.code) == (137, 127)


def test_a_daemon_that_dies_in_the_middle_is_no_success(remote: Remote, model: Path) -> None:
    request = RunRequest(samples=2, min_seconds=20, max_seconds=20)
    threading.Thread(target=_killed_while_running, args=(remote,)).start()

    def run() -> None:
        with remote.transport as there:
            run_model(there, model, GIVEN, request)

    with pytest.raises(TargetError, match=r"was lost|cannot be reached") as caught:
        run()
    assert caught.value.exit_code == 4
    assert caught.value.hint


def _killed_while_running(remote: Remote) -> None:
    """End the daemon and its children as soon as the runner runs, as when a device is unplugged."""
    end = time.monotonic() + 60
    while time.monotonic() < end and not _runners(remote.folder):
        time.sleep(0.05)
    time.sleep(0.5)
    children = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(remote.daemon.pid)], capture_output=True, text=True
    ).stdout.split()
    for process in (remote.daemon.pid, *map(int, children), *_runners(remote.folder)):
        try:
            os.kill(process, 9)
        except ProcessLookupError:
            continue


def _runners(folder: Path) -> list[int]:
    """Processes whose working folder is one of a transport's in this folder."""
    found = []
    for link in Path("/proc").glob("[0-9]*/exe"):
        try:
            program = link.readlink()
        except OSError:
            continue
        if program.is_relative_to(folder) and program.name == RUNNER:
            found.append(int(link.parent.name))
    return found


def test_a_runner_that_is_killed_is_told(remote: Remote, model: Path) -> None:
    request = RunRequest(samples=2, min_seconds=20, max_seconds=20)

    def kill() -> None:
        end = time.monotonic() + 60
        while time.monotonic() < end and not _runners(remote.folder):
            time.sleep(0.05)
        time.sleep(0.5)
        for process in _runners(remote.folder):
            os.kill(process, 9)

    threading.Thread(target=kill).start()
    with remote.transport as there, pytest.raises(TargetError, match="without its last line") as caught:
        run_model(there, model, GIVEN, request)
    assert "exit code 137, in stage samples" in (caught.value.came or "")


@pytest.fixture
def small_disk(remote: Remote) -> Iterator[Path]:
    """A file system of 64 KiB inside the folder of the device."""
    place = remote.folder / "small"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)]
    if os.getuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("a small file system cannot be mounted: run as root with the right to mount")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_is_told_before_and_while_pushing(remote: Remote, model: Path, small_disk: Path) -> None:
    remote.transport._parent = str(small_disk)
    with remote.transport as there:
        with pytest.raises(TargetError, match="has no space") as caught:
            run_model(there, model, GIVEN, RunRequest())
        assert "MiB" in (caught.value.came or "")
        library = payload_for(platform.machine()).library
        with pytest.raises(TargetError, match=r"cannot be put|did not arrive whole") as caught:
            there.push(library, "libLiteRt.so")
        assert "space" in f"{caught.value.came} {caught.value.hint}"


def test_a_folder_that_cannot_be_written_is_told(remote: Remote) -> None:
    remote.transport._parent = "/proc/nowhere"
    with pytest.raises(TargetError, match="No folder can be made"), remote.transport:
        pass


def test_a_file_that_is_not_there_cannot_be_fetched(remote: Remote, tmp_path: Path) -> None:
    with remote.transport as there, pytest.raises(TargetError, match="cannot be fetched"):
        there.pull("absent", tmp_path / "absent")
    assert not (tmp_path / "absent").exists()


@pytest.mark.parametrize(
    ("changes", "what"),
    [({"architecture": "riscv64"}, "no LiteRT for the processor"), ({"glibc": (2, 5)}, "is too old")],
)
def test_an_old_or_other_system_is_refused_before_anything_is_pushed(
    remote: Remote, model: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, object], what: str
) -> None:
    real = ShellTransport.facts

    def told(transport: ShellTransport) -> TargetFacts:
        facts = real(transport)
        for name, value in changes.items():
            object.__setattr__(facts, name, value)
        return facts

    monkeypatch.setattr(ShellTransport, "facts", told)
    with remote.transport as there:
        with pytest.raises(TargetError, match=what):
            run_model(there, model, GIVEN, RunRequest())
        assert not list(Path(there.folder).iterdir())


# -- adb ---------------------------------------------------------------------------------------------


def test_a_phone_that_has_not_agreed_is_told(locked_adb_device: AdbDevice) -> None:
    with pytest.raises(TargetError, match="is not ready") as caught, _adb(locked_adb_device):
        pass
    assert caught.value.came == "unauthorized"
    assert "agree to the key" in (caught.value.hint or "")


def test_the_only_device_needs_no_name_and_an_absent_one_is_told_with_those_there(
    adb_device: AdbDevice,
) -> None:
    with AdbTransport("", str(adb_device.folder), adb_device.environment) as found:
        assert found.place == f"adb:{adb_device.serial}"
    with (
        pytest.raises(TargetError, match="reaches no device R5CT20") as caught,
        AdbTransport("R5CT20", environment=adb_device.environment),
    ):
        pass
    assert adb_device.serial in (caught.value.came or "")


def test_no_device_and_a_device_that_went_are_told(adb_device: AdbDevice) -> None:
    adb_device.daemon.kill()
    adb_device.daemon.wait()
    with pytest.raises(TargetError, match=r"not ready|reaches no device"), _adb(adb_device):
        pass
    subprocess.run(["adb", "kill-server"], env=adb_device.environment, capture_output=True, check=True)
    with pytest.raises(TargetError, match="exactly one device") as caught:
        AdbTransport("", environment=adb_device.environment).__enter__()
    assert (caught.value.came, caught.value.exit_code) == ("no device", 4)


def test_two_devices_want_a_name(tmp_path: Path) -> None:
    """A client that lists two: the daemon of this test is one device only."""
    program = tmp_path / "adb"
    program.write_text("#!/bin/sh\nprintf 'List of devices attached\\nA1\\tdevice\\nB2\\toffline\\n\\n'\n")
    program.chmod(0o755)
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    with pytest.raises(TargetError, match="exactly one device") as caught:
        AdbTransport("", environment=environment).__enter__()
    assert caught.value.came == "A1 (device), B2 (offline)"
    with pytest.raises(TargetError, match="not ready") as caught:
        AdbTransport("B2", environment=environment).__enter__()
    assert "reconnect" in (caught.value.hint or "")


# -- ssh ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ("key", "ssh-copy-id"),
        ("host key", "compare the key"),
        ("port", "is it the port"),
    ],
)
def test_hosts_that_do_not_let_us_in_say_why(
    ssh_host: SshHost, tmp_path: Path, wrong: str, hint: str
) -> None:
    address, options = ssh_host.address, ssh_host.options
    if wrong == "key":
        other = tmp_path / "other_key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(other)], check=True)
        options = (*options[:-1], str(other), "-o", "IdentitiesOnly=yes")
    elif wrong == "host key":
        options = tuple("UserKnownHostsFile=/dev/null" if "KnownHosts" in item else item for item in options)
    else:
        address = address.rpartition(":")[0] + ":1"
    with (
        pytest.raises(TargetError, match="cannot be reached") as caught,
        SshTransport(address, options, str(ssh_host.folder)),
    ):
        pass
    assert hint in (caught.value.hint or "")


def test_without_a_client_the_package_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert shutil.which("ssh") is None
    with pytest.raises(MissingDependencyError, match="ssh is needed") as caught:
        SshTransport("board").__enter__()
    assert caught.value.hint == "apt-get install openssh-client"
