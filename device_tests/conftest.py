"""The counterparts of ``loopback.py`` for tests that ask for them, and bundles that files share.

The reason of a skip is the command that installs what is missing. Each bundle is built once in a run. Besides
them, the grammars of the languages of phones.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from device_tests import loopback, registry
from device_tests.loopback import AdbDevice, SshHost

from fieldpack.errors import MissingDependencyError
from fieldpack_benchmarks.delivery import grammar


@pytest.fixture(scope="session")
def meadow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The embedded picture model as a bundle in every form, for reading; all workers of a run share it."""
    from device_tests.build_test import build_meadow

    return _built_once(tmp_path_factory, "meadow", build_meadow)


@pytest.fixture(scope="session")
def planet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The embedded range model as a bundle for both platforms, for reading; all workers of a run share it."""
    from device_tests.planet_build_test import build_planet

    return _built_once(tmp_path_factory, "planet", build_planet)


def _built_once(factory: pytest.TempPathFactory, name: str, build: Callable[[Path, Path], None]) -> Path:
    """The bundle that ``build(folder, target)`` makes for the first worker that asks."""
    folder = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / name).exists():
            (folder / f"{name}-spec").mkdir(exist_ok=True)
            build(folder / f"{name}-spec", folder / name)
    return folder / name


@pytest.fixture(scope="session")
def adbd_folder() -> Path:
    """The folder with ``adbd`` and ``adbd-secure``, built at the first request."""
    return _or_skip(loopback.adbd_folder)


@pytest.fixture(scope="session")
def sshd_root() -> Path:
    """The root under which sshd was unpacked at the first request."""
    return _or_skip(loopback.sshd_root)


@pytest.fixture(scope="session")
def registry_program() -> Path:
    """Debian's ``docker-registry``, unpacked at the first request."""
    return _or_skip(registry.registry_program)


@pytest.fixture(scope="session")
def kotlin_jars() -> Path:
    """Debian's Kotlin compiler, unpacked at the first request."""
    return _or_skip(loopback.kotlin_jars)


@pytest.fixture
def adb_device(adbd_folder: Path, tmp_path: Path) -> Iterator[AdbDevice]:
    """A device that asks for no key, connected."""
    with loopback.adb_device(adbd_folder / "adbd", tmp_path) as device:
        yield device


@pytest.fixture
def locked_adb_device(adbd_folder: Path, tmp_path: Path) -> Iterator[AdbDevice]:
    """A device that does not know the client's key, as a phone whose owner has not agreed yet."""
    with loopback.adb_device(adbd_folder / "adbd-secure", tmp_path) as device:
        yield device


@pytest.fixture
def ssh_host(sshd_root: Path, tmp_path: Path) -> Iterator[SshHost]:
    """A host that takes the key of the test."""
    with loopback.ssh_host(sshd_root, tmp_path) as host:
        yield host


def _or_skip(make: Callable[[], Path]) -> Path:
    try:
        return make()
    except loopback.CounterpartMissingError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def syntax_faults() -> Callable[[str, str], list[str]]:
    """What a grammar finds wrong with a text: its (language, text) -> faults."""
    try:
        for language in set(grammar.LANGUAGES.values()):
            grammar.syntax_faults(language, "")
    except MissingDependencyError as error:
        pytest.skip(f"{error.what}: {error.hint}")
    return grammar.syntax_faults
