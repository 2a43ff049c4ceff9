"""Writing: both forms, refusals, full disks, and kills at seeded moments."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldpack.bundle import staging
from fieldpack.bundle.read import open_bundle
from fieldpack.bundle.verify import check_structure
from fieldpack.bundle.write import BundleWriter, copy_bundle
from fieldpack.errors import BundleError, StorageError
from fieldpack.testing import tiny_bundle, tiny_content

FORMS = ("tiny", "tiny.fieldpack")


def variant(target: Path, version: str) -> str:
    """Write the tiny bundle as another version."""
    with BundleWriter(target) as writer:
        return writer.commit({**tiny_content(writer), "version": version})


@pytest.mark.parametrize("name", FORMS)
def test_same_content_gives_same_bytes_everywhere(name: str, tmp_path: Path) -> None:
    first, second = tmp_path / "a" / "b" / name, tmp_path / "other" / name
    tiny_bundle(first, folder_flavour=True)
    time.sleep(0.01)
    tiny_bundle(second, folder_flavour=True)
    assert bytes_of(first) == bytes_of(second)
    assert os.listdir(first.parent) == [name]


def test_copies_keep_the_digest_and_the_bytes(tmp_path: Path) -> None:
    folder = tiny_bundle(tmp_path / "tiny", folder_flavour=True)
    digests = {
        copy_bundle(folder, tmp_path / "one.fieldpack"),
        copy_bundle(tmp_path / "one.fieldpack", tmp_path / "back"),
        copy_bundle(tmp_path / "back", tmp_path / "two.fieldpack"),
    }
    with open_bundle(folder) as bundle:
        assert digests == {bundle.digest}
    assert bytes_of(folder) == bytes_of(tmp_path / "back")
    assert bytes_of(tmp_path / "one.fieldpack") == bytes_of(tmp_path / "two.fieldpack")


@pytest.mark.parametrize("swap", [True, False])
@pytest.mark.parametrize("name", FORMS)
def test_an_older_bundle_is_replaced(
    name: str, swap: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not swap:
        monkeypatch.setattr(staging, "exchange", lambda first, second: False)
    target = tmp_path / name
    old, new = variant(target, "1.0.0"), variant(target, "2.0.0")
    assert old != new
    with open_bundle(target) as bundle:
        assert (bundle.digest, bundle.manifest.version) == (new, "2.0.0")
    assert check_structure(target) == []
    assert os.listdir(tmp_path) == [name]


def test_nothing_is_seen_before_the_commit_and_nothing_stays_without_one(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "er" / "tiny"
    with BundleWriter(target) as writer:
        tiny_content(writer)
        assert not target.exists()
    with pytest.raises(KeyboardInterrupt), BundleWriter(target) as writer:
        interrupt(writer)
    assert os.listdir(tmp_path) == []


def interrupt(writer: BundleWriter) -> None:
    """What Ctrl-C does in the middle."""
    tiny_content(writer)
    raise KeyboardInterrupt


def test_a_bundle_that_would_not_verify_is_not_written(tmp_path: Path) -> None:
    target = tmp_path / "tiny"
    with BundleWriter(target) as writer:
        fields = tiny_content(writer)
        for wrong, message in (
            ({name: value for name, value in fields.items() if name != "license"}, "license"),
            ({**fields, "verdicts": [{"name": float("nan")}]}, "JSON"),
            ({**fields, "verdicts": [{"name": "top1"}]}, "verdicts"),
            ({**fields, "version": object()}, "JSON"),
            ({**fields, "version": f"1.0.{'9' * 5000}"}, "version"),
            ({**fields, "version": "\u0661.0.0"}, "version"),
            ({**fields, "seed": 1}, "seed"),
        ):
            with pytest.raises(BundleError, match=message):
                writer.commit(wrong)
        flavour = fields["flavours"][0]
        for wrong in ({"ios": "sixteen"}, {"plugins": {"fast": "3.0.1-beta"}}):
            requires = {**flavour["requires"], **wrong}
            with pytest.raises(BundleError, match=r"requires\.(ios|plugins)"):
                writer.commit({**fields, "flavours": [{**flavour, "requires": requires}]})
        writer.add_bytes("labels.txt", b"bee\nmoth\n")
        with pytest.raises(BundleError, match="2 labels for golden outputs"):
            writer.commit(fields)
        writer.path("golden/link").symlink_to("/etc/hostname")
        with pytest.raises(BundleError, match="only files and folders"):
            writer.commit(fields)
    assert os.listdir(tmp_path) == []


def test_empty_folders_are_dropped(tmp_path: Path) -> None:
    with BundleWriter(tmp_path / "tiny") as writer:
        fields = tiny_content(writer)
        writer.path("golden/empty/er/x")
        writer.commit(fields)
    assert check_structure(tmp_path / "tiny") == []
    assert not (tmp_path / "tiny/golden/empty").exists()


def test_a_writer_commits_once_and_only_when_open(tmp_path: Path) -> None:
    writer = BundleWriter(tmp_path / "tiny")
    with pytest.raises(BundleError, match="not open"):
        writer.path("a")
    with writer:
        fields = tiny_content(writer)
        writer.commit(fields)
        with pytest.raises(BundleError, match="not open"):
            writer.add_bytes("more.txt", b"")
    assert check_structure(tmp_path / "tiny") == []


@pytest.mark.parametrize(
    "path", ["../a", "/a", "a//b", "manifest.json", "DIGEST", "a\\b", "", "golden/\u00e9"]
)
def test_illegal_paths_are_refused(path: str, tmp_path: Path) -> None:
    with BundleWriter(tmp_path / "tiny") as writer, pytest.raises(BundleError, match="not legal"):
        writer.add_bytes(path, b"")


def make_foreign(kind: str, place: Path) -> None:
    if kind == "folder":
        place.mkdir()
        (place / "thesis.txt").write_text("mine")
    elif kind == "empty folder":
        place.mkdir()
    elif kind == "file":
        place.write_text("mine")
    elif kind == "link":
        tiny_bundle(place.with_name("real"))
        place.symlink_to("real")
    elif kind == "bundle with a note":
        tiny_bundle(place.with_name("made"))
        place.with_name("made").rename(place)
        (place / "note.txt").write_text("mine")
    else:
        place.mkdir()
        (place / "manifest.json").write_text("{}")
        (place / "DIGEST").write_text("sha256:0")


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("kind", ["folder", "empty folder", "file", "link", "bundle with a note", "web app"])
def test_what_is_no_bundle_is_never_deleted(name: str, kind: str, tmp_path: Path) -> None:
    target = tmp_path / name
    make_foreign(kind, target)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(BundleError, match="in the way and is not deleted"):
        tiny_bundle(target)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", FORMS)
def test_what_appears_while_writing_is_not_deleted_either(name: str, tmp_path: Path) -> None:
    with BundleWriter(tmp_path / name) as writer:
        fields = tiny_content(writer)
        make_foreign("file", tmp_path / name)
        with pytest.raises(BundleError, match="in the way and is not deleted"):
            writer.commit(fields)
    assert (tmp_path / name).read_text() == "mine"
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize("target", ["/", "x" * 181, "/dev/null/x"])
def test_unusable_targets_are_refused(target: str, tmp_path: Path) -> None:
    with pytest.raises((BundleError, StorageError)):
        tiny_bundle(tmp_path / target)
    assert os.listdir(tmp_path) == []


@pytest.fixture
def small_files() -> Iterator[int]:
    """Files of this process may not grow beyond so many bytes, like on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, before[1]))
    yield 2000
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("name", FORMS)
def test_a_full_disk_leaves_nothing_behind(name: str, tmp_path: Path, small_files: int) -> None:
    with pytest.raises(StorageError, match="too large") as caught:
        tiny_bundle(tmp_path / "made" / name)  # its manifest is larger than the limit
    assert "nothing was left behind" in str(caught.value.hint)
    with pytest.raises(StorageError), BundleWriter(tmp_path / "made" / name) as writer:
        writer.path("big.bin").write_bytes(bytes(small_files + 1))  # the caller's own write
    with pytest.raises(StorageError), BundleWriter(tmp_path / "made" / name) as writer:
        writer.add_bytes("big.bin", bytes(small_files + 1))
    assert os.listdir(tmp_path) == []


def test_a_full_disk_leaves_the_old_bundle(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    target = tiny_bundle(tmp_path / "tiny.fieldpack")
    before = target.read_bytes()
    request.getfixturevalue("small_files")
    with pytest.raises(StorageError):
        variant(target, "2.0.0")
    assert target.read_bytes() == before
    assert os.listdir(tmp_path) == ["tiny.fieldpack"]


def test_other_errors_of_the_caller_pass_unchanged(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), BundleWriter(tmp_path / "tiny"):
        (tmp_path / "no such file").read_bytes()


def test_two_writers_do_not_disturb_each_other(tmp_path: Path) -> None:
    target = tmp_path / "tiny"
    with BundleWriter(target) as slow:
        fields = tiny_content(slow)
        fast = variant(target, "2.0.0")
        slow_digest = slow.commit(fields)
    with open_bundle(target) as bundle:
        assert bundle.digest == slow_digest != fast
    assert os.listdir(tmp_path) == ["tiny"]


KILLER = """
import json, os, random, shutil, signal, sys, time
from pathlib import Path
from fieldpack.bundle.verify import check_structure
from fieldpack.bundle.write import BundleWriter
from fieldpack.testing import tiny_content

os.fsync = lambda descriptor: None  # a kill is no power cut, and a busy disk would take a minute
target, mode, kills = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])

def write(version):
    with BundleWriter(target) as writer:
        fields = tiny_content(writer)
        writer.add_bytes("evidence/padding.bin", bytes(200_000))
        writer.commit({**fields, "version": version})

write("1.0.0")  # warms up
start = time.monotonic()
write("1.0.1")
duration = time.monotonic() - start
source = random.Random(5)
seen = {"absent": 0, "good": 0, "bad": 0, "leftovers": 0}
for kill in range(kills):
    if mode == "fresh" and target.exists():
        shutil.rmtree(target) if target.is_dir() else target.unlink()
    pid = os.fork()
    if pid == 0:
        for number in range(1000):
            write(f"2.{kill}.{number}")
        os._exit(0)
    time.sleep(source.uniform(0, 1.5 if mode == "fresh" else 4) * duration)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    state = "absent" if not target.exists() else "bad" if check_structure(target) else "good"
    seen[state] += 1
    seen["leftovers"] += len([name for name in os.listdir(target.parent) if name != target.name])
write("3.0.0")
print(json.dumps({**seen, "stays": os.listdir(target.parent)}))
"""


@pytest.mark.parametrize(
    ("name", "mode", "kills"),
    [("tiny", "replace", 30), ("tiny.fieldpack", "replace", 20), ("tiny", "fresh", 15)],
)
def test_a_kill_at_any_moment_leaves_no_half_bundle(name: str, mode: str, kills: int, tmp_path: Path) -> None:
    """SIGKILL at seeded moments while a child writes version after version; then look at what is there."""
    arguments = [sys.executable, "-c", KILLER, str(tmp_path / name), mode, str(kills)]
    seen = json.loads(subprocess.run(arguments, check=True, capture_output=True).stdout)
    assert seen["bad"] == 0
    assert seen["absent"] + seen["good"] == kills
    assert mode == "fresh" or seen["absent"] == 0
    assert seen["leftovers"] > 0, "no kill fell into a write; the test has shown nothing"
    assert seen["stays"] == [name]


def test_leftovers_of_live_writers_stay(tmp_path: Path) -> None:
    """Locked: alive. Unlocked and young with a live owner: about to lock. Others are removed."""
    target = tmp_path / "tiny"
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    young = tmp_path / f".tiny{staging.MARK}{os.getpid()}-aa"
    old = tmp_path / f".tiny{staging.MARK}{os.getpid()}-bb"
    killed = tmp_path / f".tiny{staging.MARK}{dead.pid}-cc"
    odd = tmp_path / f".tiny{staging.MARK}x"
    elsewhere = tmp_path / f".other{staging.MARK}{dead.pid}-dd"
    for folder in (young, old, killed, odd, elsewhere):
        folder.mkdir()
    os.utime(old, (0, 0))
    with BundleWriter(target) as writer:
        mine = {path for path in tmp_path.iterdir() if path not in (young, elsewhere)}
        assert len(mine) == 1
        staging.clean_leftovers(target)
        assert all(path.exists() for path in mine)
        writer.commit(tiny_content(writer))
    assert set(tmp_path.iterdir()) == {target, young, elsewhere}


def test_a_locked_folder_stays_whatever_its_name_and_age_say(tmp_path: Path) -> None:
    """Its writer may live in another container, where the process number means somebody else."""
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    folder = tmp_path / f".tiny{staging.MARK}{dead.pid}-aa"
    folder.mkdir()
    lock = staging._locked(folder)
    assert lock is not None
    os.utime(folder, (0, 0))
    staging.clean_leftovers(tmp_path / "tiny")
    assert folder.exists()
    os.close(lock)
    staging.clean_leftovers(tmp_path / "tiny")
    assert not folder.exists()


def bytes_of(path: Path) -> dict[str, bytes]:
    if path.is_file():
        return {"": path.read_bytes()}
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}


def test_a_target_inside_another_bundle_is_refused(tmp_path: Path) -> None:
    outer = tiny_bundle(tmp_path / "outer")
    with pytest.raises(BundleError, match="inside another bundle"):
        tiny_bundle(outer / "inner")
    assert check_structure(outer) == []
