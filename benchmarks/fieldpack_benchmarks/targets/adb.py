"""A phone, or whatever else Android's debug bridge reaches, as a target.

The client starts and asks its server, which belongs to the user. Its return codes say little: 0 also for a
command whose device died.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Self

from fieldpack.errors import TargetError
from fieldpack_benchmarks.targets.transport import COPY_S, PATIENCE_S, ShellTransport, bounded

FOLDER = "/data/local/tmp"
"""Where Android lets the shell write files and run them."""
PLUG = "plug the device in and allow USB debugging; `adb devices` then lists it"
STATES = {
    "unauthorized": "unlock the phone and agree to the key of this computer",
    "offline": "unplug it and plug it in again, or: adb reconnect offline",
    "no permissions": "let your user use the device: https://developer.android.com/studio/run/device",
}


class AdbTransport(ShellTransport):
    """Runs programs on a device.

    Parameters
    ----------
    serial : str
        As ``adb devices`` lists it; empty for the only one.
    parent : str
        Folder of the device in which one is made.
    environment : mapping, optional
        Variables of the client, such as ``ANDROID_ADB_SERVER_PORT``.
    """

    def __init__(
        self, serial: str = "", parent: str = FOLDER, environment: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(f"adb:{serial}" if serial else "adb", parent, environment)
        self._serial = serial

    def __enter__(self) -> Self:
        self._serial = self._chosen()
        self.place = f"adb:{self._serial}"
        return super().__enter__()

    def client(self, script: str) -> list[str]:
        """``adb shell``."""
        return ["adb", "-s", self._serial, "shell", script]

    def push(self, source: Path, name: str, *, executable: bool = False) -> None:
        """Send a file, and see that it is whole.

        Raises
        ------
        TargetError
            It did not arrive.
        """
        path = self.inside(name)
        self._copied(["push", str(source), path], f"{source.name} cannot be put on {self.place}")
        self.sized(source, name)
        if executable:
            self.shell(f"chmod 755 '{path}'")

    def pull(self, name: str, target: Path) -> None:
        """Fetch a file.

        Raises
        ------
        TargetError
            It is not there, or did not come.
        """
        target.unlink(missing_ok=True)
        self._copied(["pull", self.inside(name), str(target)], f"{name} cannot be fetched from {self.place}")
        if not target.is_file():
            raise TargetError(f"{name} cannot be fetched from {self.place}", came="adb said that it did")

    def _copied(self, arguments: list[str], what: str) -> None:
        command = ["adb", "-s", self._serial, *arguments]
        out, log, code = bounded(command, COPY_S, self.place, self._environment)
        words = f"{log.strip()} {out.decode(errors='replace').strip()}".strip()
        if code or "adb: error" in words:
            hint = "free some space on the device" if "No space" in words else "is the device still there?"
            raise TargetError(what, came=words[-400:] or f"exit code {code}", hint=hint)

    def _chosen(self) -> str:
        """The serial, when its device is there and lets us in."""
        out, log, code = bounded(["adb", "devices"], PATIENCE_S, self.place, self._environment)
        if code:
            raise TargetError("adb does not list its devices", came=log.strip(), hint="adb kill-server")
        lines = out.decode(errors="replace").splitlines()
        listed = dict(line.split("\t", 1) for line in lines if "\t" in line)
        known = ", ".join(f"{serial} ({state})" for serial, state in listed.items()) or "no device"
        if not self._serial and len(listed) != 1:
            raise TargetError(
                "adb must reach exactly one device, or be told which",
                came=known,
                allowed="adb:<serial>",
                hint=f"name one: --on adb:{next(iter(listed))}" if listed else PLUG,
            )
        serial = self._serial or next(iter(listed))
        if serial not in listed:
            hint = f"adb connect {serial}" if ":" in serial else PLUG
            raise TargetError(f"adb reaches no device {serial}", came=known, hint=hint)
        state = listed[serial].strip()
        if state != "device":
            hint = next((hint for word, hint in STATES.items() if word in state), "see `adb devices -l`")
            raise TargetError(f"The device {serial} is not ready", came=state, allowed="device", hint=hint)
        return serial
