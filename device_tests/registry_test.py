"""Push and pull against Debian's docker-registry on loopback: what a stub only claims of registries."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from device_tests import registry as counterpart
from device_tests.registry import PASSWORD, USER, RegistryHost

from fieldpack.bundle.read import open_bundle
from fieldpack.errors import RegistryError
from fieldpack.registry import client, parse_reference, pull, push
from fieldpack.registry.cache import PartCache
from fieldpack.registry.pull import Origin
from fieldpack.testing import TINY_MODEL, tiny_bundle
from fieldpack_benchmarks.delivery import transfers


@pytest.fixture(autouse=True)
def nothing_of_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import oras.provider  # noqa: F401  which `pytest --light` knows to be of an extra

    for name in (client.USER, client.PASSWORD, "DOCKER_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("FIELDPACK_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def open_registry(registry_program: Path, tmp_path: Path) -> Iterator[RegistryHost]:
    (tmp_path / "registry").mkdir()
    with counterpart.registry_host(registry_program, tmp_path / "registry") as host:
        yield host


@pytest.fixture
def closed_registry(registry_program: Path, tmp_path: Path) -> Iterator[RegistryHost]:
    (tmp_path / "registry").mkdir()
    with counterpart.registry_host(registry_program, tmp_path / "registry", login=True) as host:
        yield host


def command(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "fieldpack.cli.main", *map(str, arguments)]
    return subprocess.run(line, capture_output=True, text=True, env=dict(os.environ))


def test_a_bundle_there_and_back_by_the_commands(open_registry: RegistryHost, tmp_path: Path) -> None:
    bundle = tiny_bundle(tmp_path / "tiny", folder_flavour=True)
    where = f"{open_registry.host}/nature/tiny:1.0.0"
    pushed = command("push", bundle, where, "--json")
    assert pushed.returncode == 0, pushed.stderr
    again = json.loads(command("push", bundle, where, "--json").stdout)
    assert again["parts_sent"] == 0
    pulled = command("pull", json.loads(pushed.stdout)["pinned"], "--out", tmp_path / "out")
    assert pulled.returncode == 0, pulled.stderr
    assert open_bundle(bundle).digest in pulled.stdout
    assert subprocess.run(["diff", "-r", bundle, tmp_path / "out"]).returncode == 0
    absent = command("pull", f"{open_registry.host}/nature/tiny:2.0.0", "--out", tmp_path / "out")
    assert absent.returncode == 4
    assert "MANIFEST_UNKNOWN" in absent.stderr


def test_a_part_is_taken_up_in_its_middle(open_registry: RegistryHost, tmp_path: Path) -> None:
    bundle = tiny_bundle(tmp_path / "tiny")
    where = parse_reference(f"{open_registry.host}/nature/tiny:1.0.0")
    push(bundle, where)
    whole = pull(where, tmp_path / "whole", cache=tmp_path / "other").taken[Origin.REGISTRY].bytes
    model = (bundle / TINY_MODEL).read_bytes()
    digest = open_bundle(bundle).manifest.files[TINY_MODEL].sha256
    (PartCache(tmp_path / "cache" / "blobs").folder / f"{digest}.part").write_bytes(model[:500])
    made = pull(where, tmp_path / "out")
    assert made.taken[Origin.REGISTRY].bytes == whole - 500
    assert (tmp_path / "out" / TINY_MODEL).read_bytes() == model


def test_a_registry_that_wants_a_login(
    closed_registry: RegistryHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = tiny_bundle(tmp_path / "tiny")
    where = parse_reference(f"{closed_registry.host}/nature/tiny:1.0.0")
    with pytest.raises(RegistryError, match="refuses"):
        push(bundle, where)
    monkeypatch.setenv(client.USER, USER)
    monkeypatch.setenv(client.PASSWORD, "bittern")
    with pytest.raises(RegistryError, match="refuses") as caught:
        push(bundle, where)
    assert "bittern" not in str(caught.value)
    monkeypatch.setenv(client.PASSWORD, PASSWORD)
    push(bundle, where)
    assert pull(where, tmp_path / "out").version == "1.0.0"
    assert b"bittern" not in closed_registry.log.read_bytes()


def test_a_registry_that_is_gone(open_registry: RegistryHost, tmp_path: Path) -> None:
    bundle = tiny_bundle(tmp_path / "tiny")
    where = parse_reference(f"{open_registry.host}/nature/tiny:1.0.0")
    push(bundle, where)
    open_registry.daemon.kill()
    open_registry.daemon.wait()
    with pytest.raises(RegistryError, match="cannot be reached"):
        pull(where, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_studys_transfers_of_a_tiny_bundle(
    open_registry: RegistryHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pulls in processes of their own, counted by a relay and killed; the study kills more of them."""
    monkeypatch.setenv(transfers.REGISTRY, open_registry.host)
    (tmp_path / "work").mkdir()
    bundle = tiny_bundle(tmp_path / "tiny", folder_flavour=True)
    rows = transfers.transfers(bundle, tmp_path / "work", kills=1, progress=lambda stage, done: None)
    assert {row["outcome"] for row in rows} == {"pass"}
    assert [row["kills"] for row in rows] == [0, 0, 1, 1]
    assert [bar for bar in transfers.bars(rows, kills=1) if not bar.holds] == []
    for row in rows[:2]:
        assert isinstance(row["line_bytes"], int)
        assert isinstance(row["changed_bytes"], int)
        assert 0 < row["line_bytes"] - row["changed_bytes"] < 10_000  # headers


def test_without_a_registry_the_study_says_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(transfers.REGISTRY, raising=False)
    rows = transfers.transfers(tmp_path, tmp_path, progress=lambda stage, done: None)
    assert all("device_tests.registry" in str(row["outcome"]) for row in rows)
    assert not any(bar.holds for bar in transfers.bars(rows))
