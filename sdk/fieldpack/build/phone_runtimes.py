"""The oldest Android and plugins that can run a TFLite file, from the runtime that its operators need.

An app takes the runtime from a package, and each release of a package runs the operators of one TensorFlow
release and needs a level of Android. Below the oldest entry of a table nothing is claimed: an older release
may do as well.

Sources: Google's table of LiteRT releases for Android (1.4.1: level 21); the manifest of the package 2.3.0
(level 24) and its native library, which calls itself TFLite 2.22 in development, hence all of 2.21; for 1.4
the operator versions of its ``register.cc``, as told in :mod:`fieldpack.exports.inat_vision_camera.facts`.
The runtimes of plugins stand beside their exports. TensorFlow Lite 2.12 to 2.14 are left out: they ask for
level 19 and fail to load below 26 (tensorflow/tensorflow#61951).
"""

from __future__ import annotations

from dataclasses import dataclass

from fieldpack.difference.version_step import numbers
from fieldpack.exports.inat_vision_camera import facts as inat
from fieldpack.exports.react_native import facts as react_native
from fieldpack.phone_projects import facts as phones


@dataclass(frozen=True, slots=True)
class AndroidRuntime:
    """A release of LiteRT for Android.

    Attributes
    ----------
    version : str
        Of ``com.google.ai.edge.litert:litert``.
    runs : str
        Newest TensorFlow release of whose operators it has all.
    api_level : int
        Oldest Android that loads it.
    """

    version: str
    runs: str
    api_level: int


ANDROID = (
    AndroidRuntime("1.4.1", "2.19.0", 21),
    AndroidRuntime(phones.LITERT, phones.LITERT_RUNS, phones.MIN_SDK),
)
PLUGINS: dict[str, dict[str, str]] = {
    "vision-camera-plugin-inatvision": {
        version: runs for version, (_, runs) in inat.RUNTIMES.items() if version != inat.MAIN
    },
    "react-native-fast-tflite": {react_native.PLUGIN: react_native.RUNS},
}
"""npm package -> version -> newest TensorFlow release of whose operators it has all; the oldest first."""


def oldest_android(needed: str) -> str | None:
    """The lowest API level on which some release runs a file, or None where no known one does.

    Parameters
    ----------
    needed : str
        TFLite runtime that the file needs, as ``2.11.0``.
    """
    levels = [item.api_level for item in ANDROID if numbers(item.runs) >= numbers(needed)]
    return str(min(levels)) if levels else None


def oldest_plugins(needed: str) -> dict[str, str]:
    """Each plugin with its first known version that runs a file; one that runs it in none is left out."""
    found = {}
    for name, versions in PLUGINS.items():
        enough = [version for version, runs in versions.items() if numbers(runs) >= numbers(needed)]
        if enough:
            found[name] = min(enough, key=numbers)
    return found
