"""The oldest software that can run a file, read from the file."""

from __future__ import annotations

from pathlib import Path

from fieldpack.build.phone_runtimes import oldest_android, oldest_plugins
from fieldpack.bundle.manifest import FlavourKind, Requires


def requirements_of(kind: FlavourKind, path: Path) -> Requires:
    """What a ``.tflite`` file or an ``.mlpackage`` folder needs."""
    if kind is FlavourKind.TFLITE:
        from fieldpack.tflite.file import open_model
        from fieldpack.tflite.runtime_version import minimum_runtime

        model = open_model(path)
        needed = minimum_runtime(model)
        known = needed.version if not needed.unknown else None
        return Requires(
            tflite_runtime=needed.version,
            android=None if known is None else oldest_android(known),
            plugins={} if known is None else oldest_plugins(known),
            operators=dict(sorted(model.op_versions().items())),
            unknown_operators=needed.unknown,
        )
    from fieldpack.coreml.package import open_package

    package = open_package(path)
    return Requires(ios=package.minimum_ios, operators=dict(sorted(package.op_histogram().items())))
