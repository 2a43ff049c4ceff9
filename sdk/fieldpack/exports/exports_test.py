"""What holds for every export from the contract, over every kind of input and hostile names."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from fieldpack.bundle.write import BundleWriter
from fieldpack.cli.main import main
from fieldpack.exports.consumers import CONSUMERS
from fieldpack.exports.testing import HOSTILE, INPUTS, kind_bundle, kind_content
from fieldpack.templates import MARK
from fieldpack.testing import TINY_MODEL, TINY_PACKAGE, tiny_bundle

FROM_CONTRACT = [name for name in CONSUMERS if name not in ("inat-vision-camera", "web")]
SOURCES = (".kt", ".kts", ".swift", ".ts", ".xml", ".json", ".properties")


def exported(bundle: Path, consumer: str, out: Path, *more: str) -> int:
    """Exit code of the command."""
    return main(["export", str(bundle), "--for", consumer, "--out", str(out), *more])


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("kinds")
    return {kind: kind_bundle(folder / kind, kind) for kind in INPUTS}


@pytest.mark.parametrize("kind", INPUTS)
@pytest.mark.parametrize("consumer", FROM_CONTRACT)
def test_no_mark_is_left_and_no_name_stands_raw_in_a_source(
    bundles: dict[str, Path], tmp_path: Path, consumer: str, kind: str
) -> None:
    assert exported(bundles[kind], consumer, tmp_path / "out") == 0
    read = [path for path in (tmp_path / "out").rglob("*") if path.suffix in SOURCES]
    for path in read:
        text = path.read_text(encoding="utf-8")
        assert HOSTILE not in text, path
        assert text.isascii() or path.suffix == ".md", path
        assert not MARK.search(text.replace("@PACKAGE@", "")), path
    sums = (tmp_path / "out/CHECKSUMS").read_text().splitlines()
    for line in sums:
        digest, name = line.split("  ", 1)
        assert hashlib.sha256((tmp_path / "out" / name).read_bytes()).hexdigest() == digest
    there = {
        str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*") if path.is_file()
    }
    assert {line.split("  ", 1)[1] for line in sums} | {"CHECKSUMS"} == there


@pytest.mark.parametrize("consumer", FROM_CONTRACT)
def test_the_same_bundle_gives_the_same_bytes(
    bundles: dict[str, Path], tmp_path: Path, consumer: str
) -> None:
    for name in ("one", "two"):
        assert exported(bundles["image"], consumer, tmp_path / name) == 0
    assert (tmp_path / "one/CHECKSUMS").read_bytes() == (tmp_path / "two/CHECKSUMS").read_bytes()


@pytest.mark.parametrize("consumer", FROM_CONTRACT)
def test_an_altered_bundle_or_a_full_target_leaves_nothing(
    tmp_path: Path, consumer: str, capsys: pytest.CaptureFixture[str]
) -> None:
    made = tiny_bundle(tmp_path / "b", folder_flavour=True)
    (tmp_path / "full").mkdir()
    assert exported(made, consumer, tmp_path / "full") == 2
    assert not list((tmp_path / "full").iterdir())
    for model in (made / TINY_MODEL, made / TINY_PACKAGE / "Manifest.json"):
        model.write_bytes(model.read_bytes()[:-1] + b"\xff")
    assert exported(made, consumer, tmp_path / "new" / "out") == 2
    assert "altered" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("consumer", ["android", "react-native"])
def test_a_border_that_meets_no_tensor_is_told(
    tmp_path: Path, consumer: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with BundleWriter(tmp_path / "b") as writer:
        fields = kind_content(writer, "tensor")
        fields["flavours"][0]["inputs"][0] |= {"tensor": "elsewhere"}
        writer.commit(fields)
    assert exported(tmp_path / "b", consumer, tmp_path / "out") == 2
    assert "tensor that the model does not have" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
