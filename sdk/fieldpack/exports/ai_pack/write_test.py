from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from fieldpack.cli.main import main
from fieldpack.errors import InputError
from fieldpack.exports.ai_pack.facts import NAMESPACE
from fieldpack.exports.ai_pack.groups import Group, Selector, parse_group, targeting_xml
from fieldpack.testing import tiny_bundle

CONFIG = f"{{{NAMESPACE}}}"


def test_a_group_is_read_as_it_is_stated() -> None:
    found = parse_group("big=tflite-float32:ram>=6GiB,ram<12GB,soc=Google/Tensor G4,soc=Q/S;ram>=16GB")
    chips = (("Google", "Tensor G4"), ("Q", "S"))
    expected = (Selector(6 * 2**30, 12 * 10**9, chips), Selector(16 * 10**9))
    assert found == Group("big", "tflite-float32", expected)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("big", "no group of devices"),
        ("other=f:ram>=1GB", "no group of devices"),
        ("Big=f:ram>=1GB", "no group of devices"),
        ("big=f:", "condition that is none"),
        ("big=f:ram>=6", "condition that is none"),
        ("big=f:ram>=6GB,ram>=7GB", "condition that is none"),
        ("big=f:soc=a/b\x00", "condition that is none"),
        ("big=f:ram>=6GB,ram<6GB", "no device has"),
        ("big=f:" + ";".join(f"ram>={n}GB" for n in range(1, 7)), "too many alternatives"),
    ],
)
def test_what_is_no_group_is_told(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_group(text)


def test_the_targeting_reads_as_it_was_meant() -> None:
    hostile = "<\"&\u866b'>"
    groups = [Group("big", "f", (Selector(6, 12, (("Q", hostile),)), Selector(7)))]
    data = targeting_xml(groups)
    assert data.isascii()
    root = ElementTree.fromstring(data)
    assert root.tag == f"{CONFIG}device-targeting-config"
    (group,) = root
    assert (group.tag, group.attrib) == (f"{CONFIG}device-group", {"name": "big"})
    first, second = group
    assert first.attrib == {"ram-min-bytes": "6", "ram-max-bytes": "12"}
    assert second.attrib == {"ram-min-bytes": "7"}
    assert first[0].attrib == {"manufacturer": "Q", "model": hostile}


def test_every_group_has_a_folder_and_all_others_have_one(tmp_path: Path) -> None:
    made, out = tiny_bundle(tmp_path / "b"), tmp_path / "out"
    options = ["--group", "big=tflite-float32:ram>=6GB", "--pack-name", "models", "--delivery", "fast-follow"]
    assert main(["export", str(made), "--for", "ai-pack", "--out", str(out), *options]) == 0
    assets = out / "models/src/main/assets"
    assert sorted(path.name for path in assets.iterdir()) == ["tiny", "tiny#group_big"]
    assert (assets / "tiny#group_big/model.tflite").is_file()
    gradle = (out / "models/build.gradle.kts").read_text()
    assert 'packName.set("models")' in gradle
    assert 'deliveryType.set("fast-follow")' in gradle
    assert (out / "device_targeting_config.xml").is_file()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--pack-name", '1"x'], "no name of a pack"),
        (["--group", "big=nothing:ram>=6GB"], "no flavour of this name"),
        (["--group", "a=tflite-float32:ram>=6GB", "--group", "a=tflite-float32:ram>=8GB"], "one name"),
    ],
)
def test_a_faulty_pack_leaves_nothing(
    tmp_path: Path, options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    made, out = tiny_bundle(tmp_path / "b"), tmp_path / "out"
    assert main(["export", str(made), "--for", "ai-pack", "--out", str(out), *options]) == 2
    assert message in capsys.readouterr().err
    assert not out.exists()
