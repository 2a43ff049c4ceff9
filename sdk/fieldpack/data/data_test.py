"""Data sets of every kind, written to a temporary folder."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fieldpack.contract import Contract
from fieldpack.data import Example, Prepared, open_data, prepare_data
from fieldpack.data.sample import sample
from fieldpack.errors import FieldpackError, InputError, SpecError, StorageError
from fieldpack.spec import ArrayData, FolderData, ProviderData, TableData

LABELS = ("Ant", "Honey bee", "Crane fly")
PICTURE: dict[str, Any] = {
    "kind": "image",
    "name": "image",
    "height": 4,
    "width": 4,
    "color_order": "rgb",
    "layout": "NHWC",
    "normalization": {"kind": "range", "low": 0.0, "high": 1.0},
    "resize": {"method": "nearest", "fit": {"kind": "stretch"}},
}
VECTOR: dict[str, Any] = {
    "kind": "tensor",
    "name": "vector",
    "shape": (2,),
    "low": -100.0,
    "high": 100.0,
    "meaning": "anything",
}


def contract(*inputs: dict[str, Any]) -> Contract:
    output = {"name": "scores", "activation": "softmax", "labels": "labels.txt"}
    return Contract.model_validate({"inputs": list(inputs), "outputs": [output]})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Nine pictures of three classes, two sites, a manifest and a label map."""
    lines = ["path,class,site,split"]
    for number in range(9):
        name = f"{number % 2}/{number}.png"
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("RGB", (8, 8), (number, 2 * number, 255)).save(tmp_path / name)
        label, site = ("ant", "bee", "moth")[number % 3], "meadow" if number < 6 else "wood"
        lines.append(f"{name},{label},{site},{'val' if number == 8 else 'test'}")
    (tmp_path / "manifest.csv").write_text("\n".join(lines) + "\n", encoding="utf-8-sig")
    (tmp_path / "map.csv").write_text("label,output\nant,Ant\nbee,Honey bee\n")
    return tmp_path


def table(base: Path, **changes: Any) -> TableData:
    values: dict[str, Any] = {
        "kind": "table",
        "manifest": str(base / "manifest.csv"),
        "folder": str(base),
        "file_column": "path",
        "label_column": "class",
        "label_map": str(base / "map.csv"),
        "slices": ("site",),
    }
    return TableData.model_validate(values | changes)


def provider(**changes: Any) -> ProviderData:
    values = {"kind": "provider", "provider": "made_examples:dataset", "split": "test", "count": 3}
    return ProviderData.model_validate(values | changes)


def test_a_table_is_mapped_sliced_and_counted(folder: Path) -> None:
    prepared = prepare_data(table(folder, where={"split": ("test",)}), contract(PICTURE), LABELS, seed=0)
    assert prepared.ids == ["0/0.png", "1/1.png", "1/3.png", "0/4.png", "0/6.png", "1/7.png"]
    assert prepared.labels is not None
    assert prepared.labels.tolist() == [0, 1, 0, 1, 0, 1]
    assert prepared.groups.tolist() == list(range(6))
    assert prepared.left_out == 2
    assert prepared.slices["site"].tolist() == ["meadow"] * 4 + ["wood"] * 2
    assert prepared.inputs["image"].dtype == np.uint8
    assert prepared.inputs["image"][:, 0, 0].tolist() == [[n, 2 * n, 255] for n in (0, 1, 3, 4, 6, 7)]


def test_a_column_names_what_is_not_independent(folder: Path) -> None:
    rows = (folder / "manifest.csv").read_text(encoding="utf-8-sig").splitlines()
    named = ["observation", "7", "3", "7", "", "", "3", "9", "7", "9"]
    lines = [f"{row},{name}" for row, name in zip(rows, named, strict=True)]
    (folder / "manifest.csv").write_text("\n".join(lines) + "\n")
    source = table(folder, label_map=None, label_column=None, group_column="observation")
    prepared = prepare_data(source, contract(PICTURE), LABELS, seed=0)
    assert prepared.blocks is not None
    assert prepared.blocks.tolist() == [0, 1, 0, 2, 3, 1, 4, 0, 4]
    assert prepare_data(table(folder), contract(PICTURE), LABELS, seed=0).blocks is None
    with pytest.raises(SpecError, match="no column 'place'"):
        open_data(table(folder, group_column="place"), seed=0)


def test_arrays_name_groups_by_number(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((3, 2), np.float32))
    np.save(tmp_path / "g.npy", np.array([5, 2, 5]))
    words = {"kind": "arrays", "inputs": {"vector": str(tmp_path / "x.npy")}}
    source = ArrayData.model_validate(words | {"groups": str(tmp_path / "g.npy")})
    blocks = prepare_data(source, contract(VECTOR), LABELS, seed=0).blocks
    assert blocks is not None
    assert blocks.tolist() == [0, 1, 0]
    np.save(tmp_path / "g.npy", np.zeros(3))
    with pytest.raises(InputError, match="does not hold groups"):
        open_data(source, seed=0)


def test_digest_follows_the_content(folder: Path) -> None:
    def digest(**changes: Any) -> str:
        return prepare_data(table(folder, **changes), contract(PICTURE), LABELS, seed=0).digest()

    whole = digest()
    assert digest() == whole
    assert digest(where={"site": ("meadow",)}) != whole
    (folder / "map.csv").write_text("label,output\nant,Ant\nbee,Crane fly\n")
    assert digest() != whole
    (folder / "map.csv").write_text("label,output\nant,Ant\nbee,Honey bee\n")
    Image.new("RGB", (8, 8), (0, 0, 254)).save(folder / "0/0.png")
    assert digest() != whole


def test_digest_separates_every_part() -> None:
    x, labels, groups = np.arange(4, dtype=np.float32).reshape(2, 2), np.array([0, 1]), np.arange(2)
    variants = [
        Prepared(["a", "b"], {"x": x}, labels, groups),
        Prepared(["a", "c"], {"x": x}, labels, groups),
        Prepared(["a", "b"], {"y": x}, labels, groups),
        Prepared(["a", "b"], {"x": x.view(np.int32)}, labels, groups),
        Prepared(["a", "b"], {"x": x[:, :, None]}, labels, groups),
        Prepared(["a", "b"], {"x": x}, labels[::-1], groups),
        Prepared(["a", "b"], {"x": x}, None, groups),
        Prepared(["a", "b"], {"x": x}, labels, groups, blocks=groups),
        Prepared(["a", "b"], {"x": x}, labels, groups, blocks=np.zeros(2, np.int64)),
    ]
    assert len({variant.digest() for variant in variants}) == len(variants)


def test_limit_is_seeded_and_keeps_the_mix(folder: Path) -> None:
    source = table(folder, label_map=None, limit=6)
    chosen = [example.id for example in open_data(source, seed=1)]
    assert chosen == [example.id for example in open_data(source, seed=1)]
    assert any(chosen != [example.id for example in open_data(source, seed=seed)] for seed in range(2, 9))
    assert Counter(example.label for example in open_data(source, seed=1)) == {"ant": 2, "bee": 2, "moth": 2}


def test_sample_gives_rare_classes_a_place() -> None:
    examples = [Example(str(n), Path("x"), "rare" if n == 50 else "common") for n in range(100)]
    for limit in (2, 7, 99, 100, 1000):
        counts = Counter(example.label for example in sample(examples, limit, seed=3))
        assert counts["rare"] == 1
        assert counts.total() == min(limit, 100)
    assert len(sample(examples, 1, seed=3)) == 1
    ordered = [int(example.id) for example in sample(examples, 40, seed=3)]
    assert ordered == sorted(ordered)


def test_texts_without_a_label_list_are_unlabelled(folder: Path) -> None:
    prepared = prepare_data(table(folder), contract(PICTURE), None, seed=0)
    assert prepared.labels is None
    assert len(prepared) == 6


def test_empty_label_cells_are_unlabelled(folder: Path) -> None:
    manifest = folder / "manifest.csv"
    manifest.write_text("path,class\n0/0.png,Ant\n1/1.png,\n")
    source = table(folder, label_map=None, slices=())
    prepared = prepare_data(source, contract(PICTURE), LABELS, seed=0)
    assert prepared.labels is not None
    assert prepared.labels.tolist() == [0, -1]


def test_unknown_label_names_near_matches(folder: Path) -> None:
    (folder / "map.csv").write_text("label,output\nant,Ant\nbee,honey_bees\n")
    with pytest.raises(SpecError, match=r"(?s)'honey_bees'.*did you mean 'Honey bee'"):
        prepare_data(table(folder), contract(PICTURE), LABELS, seed=0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"manifest": "/absent/manifest.csv"}, "/absent/manifest.csv"),
        ({"label_map": "/absent/map.csv"}, "/absent/map.csv"),
        ({"file_column": "file"}, "no column 'file'"),
        ({"label_column": "klass"}, "(?s)no column 'klass'.*did you mean 'class'"),
        ({"slices": ("place",)}, "no column 'place'"),
        ({"where": {"fold": ("1",)}}, "no column 'fold'"),
        ({"where": {"split": ("train",)}}, "(?s)has split in train.*test, val"),
        ({"where": {"split": ("val",), "site": ("meadow",)}}, "no row"),
        ({"label_column": None}, "label_map needs label_column"),
        ({"folder": "/absent"}, r"/absent/0/0\.png"),
    ],
)
def test_a_wrong_table_is_refused_by_name(changes: dict[str, Any], words: str, folder: Path) -> None:
    with pytest.raises((SpecError, InputError), match=words):
        open_data(table(folder, **changes), seed=0)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("manifest.csv", b"path,class,site\n0/0.png,ant,a\n0/0.png,bee,a\n", "twice"),
        ("manifest.csv", b"path,class,site\n0/0.png\n", "row 2 has no cell for column 'class'"),
        ("manifest.csv", b"path,class,site\n\xff\xfe,ant,a\n", "not a UTF-8 CSV"),
        ("manifest.csv", b"", "an empty file"),
        ("map.csv", b"label,output\nant,Ant\nant,Honey bee\n", "maps the label 'ant' twice"),
        ("map.csv", b"label,output\nwasp,Ant\n", "(?s)maps none of the 9 labels.*ant, bee"),
    ],
)
def test_a_damaged_table_is_refused(name: str, content: bytes, words: str, folder: Path) -> None:
    (folder / name).write_bytes(content)
    with pytest.raises(SpecError, match=words):
        open_data(table(folder), seed=0)


def test_a_damaged_picture_names_the_example(folder: Path) -> None:
    (folder / "1/3.png").write_bytes((folder / "1/3.png").read_bytes()[:45])
    with pytest.raises(InputError, match=r"1/3\.png"):
        prepare_data(table(folder), contract(PICTURE), LABELS, seed=0)


def test_a_folder_is_read_in_name_order(folder: Path) -> None:
    source = FolderData(kind="folder", folder=str(folder), pattern="*.png")
    prepared = prepare_data(source, contract(PICTURE), LABELS, seed=0)
    assert prepared.ids == [f"{n % 2}/{n}.png" for n in (0, 2, 4, 6, 8, 1, 3, 5, 7)]
    assert prepared.labels is None
    assert len(open_data(source.model_copy(update={"limit": 4}), seed=0)) == 4
    for changes in ({"folder": "/absent"}, {"pattern": "*.jpg"}, {"pattern": "/absolute"}, {"pattern": ""}):
        with pytest.raises(SpecError):
            open_data(source.model_copy(update=changes), seed=0)


def test_arrays_of_two_inputs(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (11, 4, 4, 3), dtype=np.uint8)
    vectors = np.random.default_rng(0).normal(size=(11, 2))
    labels = np.array([0, 1, 2, -1, 0, 1, 2, 0, 1, 2, 0])
    for name, array in (("image", pixels), ("vector", vectors), ("labels", labels)):
        np.save(tmp_path / f"{name}.npy", array)
    source = ArrayData(
        kind="arrays",
        inputs={name: str(tmp_path / f"{name}.npy") for name in ("image", "vector")},
        labels=str(tmp_path / "labels.npy"),
    )
    prepared = prepare_data(source, contract(PICTURE, VECTOR), LABELS, seed=0)
    assert prepared.ids[:2] == ["00", "01"]
    assert np.array_equal(prepared.inputs["image"], pixels)
    assert np.array_equal(prepared.inputs["vector"], vectors.astype(np.float32))
    assert prepared.labels is not None
    assert prepared.labels.tolist() == labels.tolist()
    with pytest.raises(InputError, match="nothing for input 'other'"):
        prepare_data(source, contract(PICTURE, VECTOR | {"name": "other"}), LABELS, seed=0)
    np.save(tmp_path / "labels.npy", labels + 1)
    with pytest.raises(SpecError, match="label index 3"):
        prepare_data(source, contract(PICTURE, VECTOR), LABELS, seed=0)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"vector": np.zeros((3, 2)), "labels": np.zeros(4, int)}, "one length"),
        ({"vector": np.zeros((0, 2)), "labels": np.zeros(0, int)}, "above 0"),
        ({"vector": np.zeros((3, 2)), "labels": np.zeros(3)}, "integers"),
        ({"vector": np.float32(3), "labels": np.zeros(3, int)}, "single number"),
        ({"labels": np.zeros(3, int)}, r"vector\.npy"),
    ],
)
def test_wrong_arrays_are_refused(arrays: dict[str, np.ndarray], words: str, tmp_path: Path) -> None:
    for name, array in arrays.items():
        np.save(tmp_path / f"{name}.npy", array)
    source = ArrayData(
        kind="arrays", inputs={"vector": str(tmp_path / "vector.npy")}, labels=str(tmp_path / "labels.npy")
    )
    with pytest.raises(InputError, match=words):
        open_data(source, seed=0)


def test_one_file_cannot_feed_two_inputs(folder: Path) -> None:
    with pytest.raises(SpecError, match="2 inputs"):
        prepare_data(table(folder), contract(PICTURE, VECTOR), LABELS, seed=0)


@pytest.fixture
def made_examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An importable module whose source a test writes."""
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path / "made_examples.py"
    sys.modules.pop("made_examples", None)


def test_a_provider_is_called_anew_for_each_pass(made_examples: Path) -> None:
    made_examples.write_text(
        "import numpy as np\n"
        "def dataset(split, count):\n"
        "    for n in range(count + 5):\n"
        "        yield f'{split}-{n}', np.array([n, -n]), np.int64(n % 2), {'half': n > 1}\n"
    )
    examples = open_data(provider(), seed=0)
    assert [example.id for example in examples] == [example.id for example in examples]
    prepared = prepare_data(provider(), contract(VECTOR), LABELS, seed=0)
    assert prepared.ids == ["test-0", "test-1", "test-2"]
    assert prepared.inputs["vector"].tolist() == [[0, 0], [1, -1], [2, -2]]
    assert prepared.labels is not None
    assert prepared.labels.tolist() == [0, 1, 0]
    assert prepared.slices["half"].tolist() == ["False", "False", "True"]
    grouped = prepare_data(provider(group_column="half"), contract(VECTOR), LABELS, seed=0)
    assert grouped.blocks is not None
    assert grouped.blocks.tolist() == [0, 0, 1]
    with pytest.raises(InputError, match="no place, which names its group"):
        prepare_data(provider(group_column="place"), contract(VECTOR), LABELS, seed=0)


def test_a_provider_says_which_labels_are_present(made_examples: Path) -> None:
    made_examples.write_text(
        "import numpy as np\n"
        "def dataset(split, count):\n"
        "    yield 'a', np.zeros(2), np.array([True, False, True]), {}\n"
        "    yield 'b', np.ones(2), np.array([False, False, True]), {}\n"
    )
    prepared = prepare_data(provider(), contract(VECTOR), LABELS, seed=0)
    assert prepared.labels is None
    assert prepared.presence is not None
    assert prepared.presence.tolist() == [[True, False, True], [False, False, True]]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("yield 'a', np.zeros(2), np.array([1, 0, 1]), {}", "something else than an example"),
        ("yield 'a', np.zeros(2), np.array([[True, False, True]]), {}", "something else than an example"),
        ("raise ValueError('no such split')", "(?s)failed.*no such split"),
        ("yield 1, 2, 3", "something else than an example"),
        ("yield 'a', None, True, {}", "something else than an example"),
        ("yield 'a', None, 0.5, {}", "something else than an example"),
        ("return []", "no example"),
        ("yield 'a', np.zeros(2), 0, {}; raise OSError('gone')", "(?s)failed.*gone"),
        ("yield 'a', np.zeros(2), 0, {}; yield 'a', np.zeros(2), 0, {}", "'a' twice"),
        ("yield 'a', np.zeros(3), 0, {}", "example a: "),
    ],
)
def test_a_wrong_provider_is_refused(body: str, words: str, made_examples: Path) -> None:
    made_examples.write_text(f"import numpy as np\ndef dataset(split, count):\n    {body}\n")
    with pytest.raises(FieldpackError, match=words):
        prepare_data(provider(), contract(VECTOR), LABELS, seed=0)


def test_a_missing_provider_is_named(made_examples: Path) -> None:
    made_examples.write_text("dataset = 3\n")
    for name, words in (
        ("absent_module:dataset", "'absent_module'"),
        ("made_examples:dataset", "no function 'dataset'"),
        ("made_examples", "module:function"),
    ):
        with pytest.raises(SpecError, match=words):
            open_data(provider(provider=name), seed=0)


def test_patches_of_recordings_are_grouped(made_examples: Path) -> None:
    made_examples.write_text(
        "import numpy as np\n"
        "def dataset(split, count):\n"
        "    yield 'short', (np.ones(400, np.float32), 8000), 0, {'site': 'a'}\n"
        "    yield 'long', (np.ones(1300, np.float32), 8000), 1, {'site': 'b'}\n"
    )
    spec = {
        "kind": "spectrogram",
        "name": "spec",
        "bands": 33,
        "frames": 10,
        "axes": ["band", "frame"],
        "front_end": {
            "sample_rate_hz": 8000,
            "resampler": {"kind": "soxr_hq"},
            "channel_mix": "mean",
            "low_rate": "refuse",
            "min_seconds": 0.0,
            "max_seconds": 5.0,
            "remove_silence": "none",
            "n_fft": 64,
            "win_length": 64,
            "hop_length": 32,
            "window": "hann",
            "window_at": "centre",
            "stft_scale": "none",
            "spectrum": "magnitude",
            "band_order": "rising",
            "value_scale": {"kind": "unit"},
            "center": True,
            "pad_mode": "constant",
            "power": 1,
            "mel": "none",
            "log": {"kind": "linear"},
            "normalization": "none",
            "windows": {"samples": "none", "overlap": 0.0, "last": "drop", "pooling": "mean"},
        },
    }
    prepared = prepare_data(provider(), contract(spec), LABELS, seed=0)
    assert prepared.ids == ["short#0", "long#0", "long#1", "long#2", "long#3"]
    assert prepared.labels is not None
    assert prepared.labels.tolist() == [0, 1, 1, 1, 1]
    assert prepared.groups.tolist() == [0, 1, 1, 1, 1]
    assert prepared.slices["site"].tolist() == ["a", "b", "b", "b", "b"]


def test_progress_ends_at_one(folder: Path) -> None:
    seen: list[float] = []
    prepare_data(table(folder), contract(PICTURE), LABELS, 0, lambda stage, done: seen.append(done))
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert len(seen) == 6


def test_a_full_disk_is_a_storage_error(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def write(self, data: object) -> int:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.SpooledTemporaryFile", lambda **options: Full())
    with pytest.raises(StorageError, match="TMPDIR"):
        prepare_data(table(folder), contract(PICTURE), LABELS, seed=0)
