"""The daemons that other tests talk to are real, reachable from this machine alone, and can be lost."""

from __future__ import annotations

import shutil
import socket
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from device_tests.loopback import AdbDevice, SshHost

pytestmark = pytest.mark.full


def _adb(device: AdbDevice, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["adb", "-s", device.serial, *arguments]
    return subprocess.run(command, env=device.environment, capture_output=True, text=True, timeout=60)


def _ssh(host: SshHost, command: str) -> subprocess.CompletedProcess[str]:
    place, _, port = host.address.rpartition(":")
    whole = ["ssh", *host.options, "-p", port, place, command]
    return subprocess.run(whole, capture_output=True, text=True, timeout=60)


def test_a_device_runs_commands_and_keeps_their_streams_apart(adb_device: AdbDevice) -> None:
    done = _adb(adb_device, "shell", "echo out; echo err >&2; exit 7")
    assert (done.returncode, done.stdout, done.stderr) == (7, "out\n", "err\n")


def test_files_come_back_as_they_went(adb_device: AdbDevice, tmp_path: Path) -> None:
    sent, back, there = tmp_path / "sent", tmp_path / "back", str(adb_device.folder / "file")
    sent.write_bytes(bytes(range(256)) * 4096)
    assert _adb(adb_device, "push", str(sent), there).returncode == 0
    assert _adb(adb_device, "pull", there, str(back)).returncode == 0
    assert back.read_bytes() == sent.read_bytes()


def test_a_device_that_does_not_know_the_key_is_unauthorised_until_it_does(
    locked_adb_device: AdbDevice, tmp_path: Path
) -> None:
    assert "unauthorized" in _adb(locked_adb_device, "get-state").stderr
    assert _adb(locked_adb_device, "shell", "true").returncode != 0
    key = Path(locked_adb_device.environment["HOME"]) / ".android" / "adbkey.pub"
    shutil.copy(key, tmp_path / "adb_keys")
    subprocess.run(["adb", "reconnect", "offline"], env=locked_adb_device.environment, capture_output=True)
    subprocess.run(["adb", "connect", locked_adb_device.serial], env=locked_adb_device.environment)
    assert _adb(locked_adb_device, "wait-for-device", "shell", "echo agreed").stdout == "agreed\n"


def test_a_client_may_say_success_of_a_device_that_died(adb_device: AdbDevice) -> None:
    """Why no transport believes a return code."""
    command = ["adb", "-s", adb_device.serial, "shell", "echo begun; sleep 30; echo ended"]
    client = subprocess.Popen(command, env=adb_device.environment, stdout=subprocess.PIPE, text=True)
    assert client.stdout is not None
    assert client.stdout.readline() == "begun\n"
    adb_device.daemon.kill()
    rest, _ = client.communicate(timeout=30)
    assert client.returncode == 0
    assert "ended" not in rest


def test_a_host_runs_commands_and_says_how_they_ended(ssh_host: SshHost) -> None:
    done = _ssh(ssh_host, "echo out; echo err >&2; exit 7")
    assert (done.returncode, done.stdout, done.stderr) == (7, "out\n", "err\n")
    assert _ssh(ssh_host, "kill -9 $$").returncode == 255


@pytest.mark.parametrize("kind", ["adb_device", "ssh_host"])
def test_daemons_listen_on_loopback_alone(kind: str, request: pytest.FixtureRequest) -> None:
    found = request.getfixturevalue(kind)
    port = int((found.serial if kind == "adb_device" else found.address).rpartition(":")[2])
    listening = [
        line.split()[1].split(":")
        for table in ("/proc/net/tcp", "/proc/net/tcp6")
        for line in Path(table).read_text().splitlines()[1:]
        if line.split()[3] == "0A"
    ]
    own = [address for address, number in listening if int(number, 16) == port]
    assert own == [f"{int.from_bytes(socket.inet_aton('127.0.0.1'), 'little'):08X}"]
