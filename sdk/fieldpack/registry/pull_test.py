"""Push and pull against a registry in this process: what goes over the line, and what a bad one cannot do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fieldpack.bundle.digest import sha256_bytes
from fieldpack.bundle.read import open_bundle
from fieldpack.bundle.verify import check_structure
from fieldpack.bundle.write import BundleWriter
from fieldpack.errors import BundleError, InputError, RegistryError, StorageError, TrustError
from fieldpack.registry import Pulled, Reference, client, pull, push
from fieldpack.registry.artefact import TITLE
from fieldpack.registry.conftest import PASSWORD, USER, StubRegistry, digest_of
from fieldpack.testing import TINY_MODEL, tiny_bundle, tiny_content
from fieldpack.trust import Demand, check_signed, sign_bundle
from fieldpack.trust.keys import read_private_key, read_public_key, write_pair
from fieldpack.trust.placement import signature_path


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return tiny_bundle(tmp_path / "tiny")


def newer_bundle(target: Path) -> Path:
    """The same, but for its version and four more bytes at the end of the model."""
    with BundleWriter(target) as writer:
        fields = tiny_content(writer)
        model = writer.path(TINY_MODEL)
        model.write_bytes(model.read_bytes() + b"more")
        fields["flavours"][0]["digest"] = sha256_bytes(model.read_bytes())
        fields["flavours"][0]["installed_bytes"] += 4
        writer.commit(fields | {"version": "1.1.0"})
    return target


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def moved(made: Pulled) -> dict[str, tuple[int, int]]:
    return {origin.value: (taken.parts, taken.bytes) for origin, taken in made.taken.items()}


def test_what_is_pulled_is_what_was_pushed(registry: StubRegistry, bundle: Path, tmp_path: Path) -> None:
    sent = push(bundle, registry.at())
    made = pull(registry.at(), tmp_path / "out")
    assert content(tmp_path / "out") == content(bundle)
    assert (sent.digest, sent.contract, sent.pinned) == (made.digest, made.contract, made.pinned)
    assert made.replaced is None
    files = {entry.sha256: entry.size_bytes for entry in open_bundle(bundle).manifest.files.values()}
    everything = sum(files.values()) + len((bundle / "manifest.json").read_bytes())
    artefact = len(registry.manifests["1.0.0"])
    assert moved(made)["registry"] == (len(files) + 1, everything + artefact)
    assert (sent.parts_sent, sent.bytes_sent, sent.parts_there) == (len(files) + 1, everything + artefact, 0)


def test_the_one_file_form_goes_both_ways(registry: StubRegistry, tmp_path: Path) -> None:
    first = tiny_bundle(tmp_path / "tiny.fieldpack")
    push(first, registry.at())
    pull(registry.at(), tmp_path / "out.fieldpack")
    assert (tmp_path / "out.fieldpack").read_bytes() == first.read_bytes()


def test_a_pinned_reference_asks_for_the_artefact(
    registry: StubRegistry, bundle: Path, tmp_path: Path
) -> None:
    pinned = push(bundle, registry.at()).pinned
    push(newer_bundle(tmp_path / "newer"), registry.at())
    made = pull(registry.at().pinned(pinned.rpartition(":")[2]), tmp_path / "out")
    assert made.version == "1.0.0"


def test_a_newer_version_sends_and_takes_only_what_changed(
    registry: StubRegistry, bundle: Path, tmp_path: Path
) -> None:
    push(bundle, registry.at())
    pull(registry.at(), tmp_path / "out")
    newer = newer_bundle(tmp_path / "newer")
    changed = sum((newer / name).stat().st_size for name in (TINY_MODEL, "manifest.json"))
    sent = push(newer, registry.at("1.1.0"))
    artefact = len(registry.manifests["1.1.0"])
    assert (sent.parts_sent, sent.bytes_sent) == (2, changed + artefact)
    for path in (tmp_path / "cache").rglob("*"):
        if path.is_file():
            path.unlink()  # what did not change comes from the bundle that is replaced
    made = pull(registry.at("1.1.0"), tmp_path / "out")
    assert moved(made)["registry"] == (2, changed + artefact)
    assert moved(made)["cache"] == (0, 0)
    assert content(tmp_path / "out") == content(newer)
    assert made.replaced == open_bundle(bundle).digest


def test_what_is_here_already_is_left_alone(registry: StubRegistry, bundle: Path, tmp_path: Path) -> None:
    push(bundle, registry.at())
    first = pull(registry.at(), tmp_path / "out")
    before = (tmp_path / "out").stat().st_ino
    registry.asked.clear()
    made = pull(registry.at(), tmp_path / "out")
    assert (tmp_path / "out").stat().st_ino == before
    assert registry.count("GET") == 0
    assert made.replaced == first.digest
    assert moved(made)["target"][0] == moved(first)["registry"][0]


def test_an_altered_bundle_is_mended(registry: StubRegistry, bundle: Path, tmp_path: Path) -> None:
    push(bundle, registry.at())
    pull(registry.at(), tmp_path / "out", cache=tmp_path / "first")
    (tmp_path / "out" / TINY_MODEL).write_bytes(b"altered")
    made = pull(registry.at(), tmp_path / "out", cache=tmp_path / "second")
    assert moved(made)["registry"][0] == 1
    assert content(tmp_path / "out") == content(bundle)


def test_a_line_that_is_cut_costs_no_byte_twice(registry: StubRegistry, bundle: Path, tmp_path: Path) -> None:
    push(bundle, registry.at())
    pull(registry.at(), tmp_path / "whole", cache=tmp_path / "other")
    size = len(registry.manifests["1.0.0"])
    registry.cut_after = [2, size, 100, 300, 3, 5]  # of /v2/, the artefact, the manifest, and parts
    made = pull(registry.at(), tmp_path / "out")
    assert content(tmp_path / "out") == content(bundle)
    files = {entry.sha256: entry.size_bytes for entry in open_bundle(bundle).manifest.files.values()}
    assert (
        moved(made)["registry"][1]
        == sum(files.values()) + len((bundle / "manifest.json").read_bytes()) + size
    )
    assert registry.cut_after == []


def spoil(registry: StubRegistry, name: str) -> None:
    """Let the registry send other bytes of the same size."""
    layers = json.loads(registry.manifests["1.1.0"])["layers"]
    part = next(layer for layer in layers if layer["annotations"][TITLE] == name)
    digest = part["digest"]
    registry.sent_instead[digest] = registry.blobs[digest][:-1] + b"x"


def test_wrong_bytes_are_refused_and_the_older_bundle_stays(
    registry: StubRegistry, bundle: Path, tmp_path: Path
) -> None:
    push(bundle, registry.at())
    pull(registry.at(), tmp_path / "out")
    push(newer_bundle(tmp_path / "newer"), registry.at("1.1.0"))
    spoil(registry, TINY_MODEL)
    with pytest.raises(BundleError, match="sent something else"):
        pull(registry.at("1.1.0"), tmp_path / "out")
    assert content(tmp_path / "out") == content(bundle)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache", "newer", "out", "tiny"]
    registry.sent_instead.clear()
    assert pull(registry.at("1.1.0"), tmp_path / "out").version == "1.1.0"


def test_a_manifest_other_than_its_digest_is_refused(
    registry: StubRegistry, bundle: Path, tmp_path: Path
) -> None:
    push(bundle, registry.at())
    registry.sent_instead["1.0.0"] = registry.manifests["1.0.0"] + b" "
    with pytest.raises(BundleError, match="sent something else"):
        pull(registry.at(), tmp_path / "out")
    pinned = registry.at().pinned(sha256_bytes(b"another"))
    registry.manifests[pinned.wanted] = registry.manifests["1.0.0"]
    with pytest.raises(BundleError, match="sent something else"):
        pull(pinned, tmp_path / "out")


def test_a_half_pushed_bundle_is_told(registry: StubRegistry, bundle: Path, tmp_path: Path) -> None:
    push(bundle, registry.at())
    gone = open_bundle(bundle).manifest.files[TINY_MODEL].sha256
    del registry.blobs[f"sha256:{gone}"]
    with pytest.raises(RegistryError, match=f"is not there: sha256:{gone}"):
        pull(registry.at(), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_bundle_that_is_not_one_is_refused(registry: StubRegistry, bundle: Path, tmp_path: Path) -> None:
    """Every digest is right; what they are of is not a bundle."""
    push(bundle, registry.at())
    artefact = json.loads(registry.manifests["1.0.0"])
    for change, words in (
        ({"schema_version": 99}, "schema_version 99 is unknown"),
        ({"files": {"../../x": {"size_bytes": 1, "sha256": "0" * 64}}}, "named but is not in files"),
        ({}, "manifest.json: "),
    ):
        values = (json.loads((bundle / "manifest.json").read_bytes()) | change) if change else {}
        data = (json.dumps(values, sort_keys=True, indent=1, ensure_ascii=False) + "\n").encode()
        registry.blobs[digest_of(data)] = data
        artefact["config"] |= {"digest": digest_of(data), "size": len(data)}
        registry.manifests["1.0.0"] = json.dumps(artefact).encode()
        with pytest.raises(BundleError, match=words):
            pull(registry.at(), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def forge(registry: StubRegistry, bundle: Path, **changed: object) -> None:
    """An artefact whose every digest is right, of a bundle with other words in its manifest."""
    artefact = json.loads(registry.manifests["1.0.0"])
    values = json.loads((bundle / "manifest.json").read_bytes()) | changed
    data = (json.dumps(values, sort_keys=True, indent=1, ensure_ascii=False) + "\n").encode()
    registry.blobs[digest_of(data)] = data
    artefact["config"] |= {"digest": digest_of(data), "size": len(data)}
    artefact["layers"] = [
        {
            "mediaType": "application/octet-stream",
            "digest": f"sha256:{entry['sha256']}",
            "size": entry["size_bytes"],
            "annotations": {TITLE: name},
        }
        for name, entry in values["files"].items()
    ]
    registry.manifests["1.0.0"] = json.dumps(artefact).encode()


def test_a_path_out_of_the_bundle_is_refused_before_any_part_comes(
    registry: StubRegistry, bundle: Path, tmp_path: Path
) -> None:
    push(bundle, registry.at())
    files = json.loads((bundle / "manifest.json").read_bytes())["files"]
    forge(registry, bundle, files=files | {"../../x": files["labels.txt"]})
    registry.asked.clear()
    with pytest.raises(BundleError, match=r"path: \.\./\.\./x"):
        pull(registry.at(), tmp_path / "out")
    assert registry.count("GET") == 1  # the manifest


def test_an_artefact_that_does_not_list_its_files_is_refused(
    registry: StubRegistry, bundle: Path, tmp_path: Path
) -> None:
    push(bundle, registry.at())
    artefact = json.loads(registry.manifests["1.0.0"])
    del artefact["layers"][0]
    registry.manifests["1.0.0"] = json.dumps(artefact).encode()
    registry.asked.clear()
    with pytest.raises(BundleError, match="not the files of its bundle"):
        pull(registry.at(), tmp_path / "out")
    assert registry.count("GET") == 1


def test_a_part_of_another_size_is_refused_also_from_the_cache(
    registry: StubRegistry, bundle: Path, tmp_path: Path
) -> None:
    push(bundle, registry.at())
    pull(registry.at(), tmp_path / "first")
    files = json.loads((bundle / "manifest.json").read_bytes())["files"]
    files["evidence/parity.json"]["size_bytes"] += 1
    forge(registry, bundle, files=files)
    with pytest.raises(BundleError, match="another size"):
        pull(registry.at(), tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("fault", ["beyond the end", "another range"])
def test_a_blob_begins_anew_where_its_middle_cannot_be_had(
    registry: StubRegistry, bundle: Path, fault: str
) -> None:
    push(bundle, registry.at())
    digest, data = next((name, data) for name, data in registry.blobs.items() if len(data) > 100)
    registry.other_range = fault == "another range"
    start = 50 if registry.other_range else len(data) + 1
    at, chunks = client.RegistryClient(registry.at()).blob(digest.removeprefix("sha256:"), start)
    assert (at, b"".join(chunks)) == (0, data)


def test_an_altered_bundle_is_not_pushed(registry: StubRegistry, bundle: Path) -> None:
    (bundle / TINY_MODEL).write_bytes(b"altered")
    with pytest.raises(BundleError, match="not a good bundle"):
        push(bundle, registry.at())
    assert registry.asked == []


def test_the_tag_changes_last(registry: StubRegistry, bundle: Path) -> None:
    push(bundle, registry.at())
    puts = [path for method, path in registry.asked if method == "PUT"]
    assert "/manifests/" in puts[-1]
    assert not any("/manifests/" in path for path in puts[:-1])
    registry.asked.clear()
    push(bundle, registry.at())
    assert registry.count("PUT") == 0


def test_what_is_in_the_way_is_not_touched(registry: StubRegistry, bundle: Path, tmp_path: Path) -> None:
    push(bundle, registry.at())
    registry.asked.clear()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "diary.txt").write_text("mine")
    with pytest.raises(BundleError, match="in the way"):
        pull(registry.at(), tmp_path / "out")
    assert registry.asked == []


@pytest.mark.parametrize("login", ["basic", "bearer"])
def test_a_login_from_the_variables(
    registry: StubRegistry, bundle: Path, tmp_path: Path, login: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.login = login
    for work in (lambda: push(bundle, registry.at()), lambda: pull(registry.at(), tmp_path / "out")):
        with pytest.raises(RegistryError, match="refuses") as caught:
            work()
        assert client.USER in str(caught.value.hint)
    monkeypatch.setenv(client.USER, USER)
    monkeypatch.setenv(client.PASSWORD, "wrong")
    with pytest.raises(RegistryError, match="refuses"):
        push(bundle, registry.at())
    monkeypatch.setenv(client.PASSWORD, PASSWORD)
    push(bundle, registry.at())
    pull(registry.at(), tmp_path / "out")
    assert content(tmp_path / "out") == content(bundle)


@pytest.mark.parametrize("login", ["basic", "bearer"])
def test_a_login_from_dockers_file(
    registry: StubRegistry, bundle: Path, tmp_path: Path, login: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.login = login
    (tmp_path / "docker").mkdir()
    entry = {"auth": "d2FyZGVuOmhlcm9u"}  # warden:heron
    document = {"auths": {f"127.0.0.1:{registry.port}": entry}}
    (tmp_path / "docker" / "config.json").write_text(json.dumps(document))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    push(bundle, registry.at())
    assert pull(registry.at(), tmp_path / "out").version == "1.0.0"


def test_a_token_that_runs_out_is_asked_for_anew(
    registry: StubRegistry, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(client.USER, USER)
    monkeypatch.setenv(client.PASSWORD, PASSWORD)
    registry.login, registry.token_uses = "bearer", 3
    push(bundle, registry.at())
    pull(registry.at(), tmp_path / "out")
    assert content(tmp_path / "out") == content(bundle)
    assert len(registry.tokens) > 3


def test_what_is_not_there_and_who_is_not_there(registry: StubRegistry, bundle: Path, tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match=r"no 127\..*:2\.0\.0 there") as caught:
        pull(registry.at("2.0.0"), tmp_path / "out")
    assert "MANIFEST_UNKNOWN" in str(caught.value.came)
    nobody = Reference("127.0.0.1:1", "nature/tiny", "1.0.0")
    with pytest.raises(RegistryError, match="cannot be reached"):
        pull(nobody, tmp_path / "out")
    with pytest.raises(RegistryError, match="cannot be reached"):
        push(bundle, nobody)
    with pytest.raises(InputError, match="under a tag"):
        push(bundle, registry.at().pinned("0" * 64))


def test_a_full_disk_is_told(
    registry: StubRegistry, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    push(bundle, registry.at())
    (tmp_path / "blocked").write_text("")
    with pytest.raises(StorageError, match="cache of parts"):
        pull(registry.at(), tmp_path / "out", cache=tmp_path / "blocked")
    assert check_structure(bundle) == []


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_pair(tmp_path_factory.mktemp("keys") / "release")


def test_a_signature_travels_with_its_bundle(
    registry: StubRegistry, bundle: Path, tmp_path: Path, pair: tuple[Path, Path]
) -> None:
    sign_bundle(bundle, read_private_key(pair[0]))
    demand = Demand(read_public_key(pair[1]))
    push(bundle, registry.at())
    made = pull(registry.at(), tmp_path / "out.fieldpack", demand=demand)
    assert made.signed_by == demand.key.fingerprint
    assert check_signed(tmp_path / "out.fieldpack", demand) == []
    for ending in (".sig.json", ".cdx.json"):
        there = (tmp_path / "out").with_suffix(ending)
        assert there.read_bytes() == bundle.with_suffix(ending).read_bytes()


def test_what_is_not_signed_by_the_key_is_refused_before_it_comes(
    registry: StubRegistry, bundle: Path, tmp_path: Path, pair: tuple[Path, Path]
) -> None:
    demand = Demand(read_public_key(pair[1]))
    push(bundle, registry.at())
    with pytest.raises(TrustError, match="there is no signature"):
        pull(registry.at(), tmp_path / "out", demand=demand)
    other, _ = write_pair(tmp_path / "other")
    sign_bundle(bundle, read_private_key(other))
    push(bundle, registry.at())
    registry.asked.clear()
    with pytest.raises(TrustError, match="names another key"):
        pull(registry.at(), tmp_path / "out", demand=demand)
    assert registry.count("GET") <= 2  # signature and bill: no part of the bundle
    assert not (tmp_path / "out").exists()
    assert not signature_path(tmp_path / "out").exists()


def test_the_signature_of_a_replaced_bundle_does_not_stay(
    registry: StubRegistry, bundle: Path, tmp_path: Path, pair: tuple[Path, Path]
) -> None:
    sign_bundle(bundle, read_private_key(pair[0]))
    push(bundle, registry.at("1"))
    push(newer_bundle(tmp_path / "newer"), registry.at("2"))
    out = tmp_path / "out"
    pull(registry.at("1"), out)
    assert signature_path(out).exists()
    pull(registry.at("2"), out)
    assert not signature_path(out).exists()
    sign_bundle(out, read_private_key(pair[0]))
    pull(registry.at("2"), out)  # the same bytes: its own signature stays
    assert check_signed(out, Demand(read_public_key(pair[1]))) == []


def test_a_signature_of_other_files_does_not_go_out(
    registry: StubRegistry, bundle: Path, tmp_path: Path, pair: tuple[Path, Path]
) -> None:
    newer = newer_bundle(tmp_path / "newer")
    sign_bundle(bundle, read_private_key(pair[0]))
    sign_bundle(newer, read_private_key(pair[0]))
    bill = newer.with_suffix(".cdx.json")
    bill.write_bytes(bundle.with_suffix(".cdx.json").read_bytes())
    with pytest.raises(TrustError, match="of other files"):
        push(newer, registry.at())
    signature_path(newer).write_bytes(signature_path(bundle).read_bytes())
    bill.unlink()
    with pytest.raises(TrustError, match="of other files"):
        push(newer, registry.at())
    assert registry.asked == []


def test_an_older_bundle_does_not_replace_a_newer_one_under_a_key(
    registry: StubRegistry, bundle: Path, tmp_path: Path, pair: tuple[Path, Path]
) -> None:
    demand, newer = Demand(read_public_key(pair[1])), newer_bundle(tmp_path / "newer")
    for path, tag in ((bundle, "old"), (newer, "new")):
        sign_bundle(path, read_private_key(pair[0]))
        push(path, registry.at(tag))
    pull(registry.at("new"), tmp_path / "out", demand=demand)
    pull(registry.at("new"), tmp_path / "out", demand=demand)
    with pytest.raises(TrustError, match=r"1\.0\.0 is older than 1\.1\.0"):
        pull(registry.at("old"), tmp_path / "out", demand=demand)
    assert check_signed(tmp_path / "out", demand) == []
    assert open_bundle(tmp_path / "out").manifest.version == "1.1.0"


def test_a_signature_that_was_put_under_another_bundle_is_found(
    registry: StubRegistry, bundle: Path, tmp_path: Path, pair: tuple[Path, Path]
) -> None:
    """Whoever owns the registry can make an artefact of any parts."""
    sign_bundle(bundle, read_private_key(pair[0]))
    newer = newer_bundle(tmp_path / "newer")
    push(bundle, registry.at())
    push(newer, registry.at("1.1.0"))
    signed, other = (json.loads(registry.manifests[tag]) for tag in ("1.0.0", "1.1.0"))
    other["layers"] += [layer for layer in signed["layers"] if "sig.json" in layer["annotations"][TITLE]]
    registry.manifests["1.1.0"] = json.dumps(other).encode()
    with pytest.raises(TrustError, match="not over these files"):
        pull(registry.at("1.1.0"), tmp_path / "out", demand=Demand(read_public_key(pair[1])))
    other["layers"].append(other["layers"][-1])
    registry.manifests["1.1.0"] = json.dumps(other).encode()
    with pytest.raises(BundleError, match="two signatures"):
        pull(registry.at("1.1.0"), tmp_path / "out")
