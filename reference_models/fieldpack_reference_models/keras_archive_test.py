"""Archives that repeat, and weights as halves."""

import io
import json
import zipfile

import numpy as np
import pytest

from fieldpack_reference_models import keras_archive


def _archive(names: list[str], saved: str, year: int, address: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            saying = {"keras_version": "3", "date_saved": saved}
            body = saying if name == "metadata.json" else {"shared_object_id": address}
            archive.writestr(zipfile.ZipInfo(name, (year, 2, 3, 4, 5, 6)), json.dumps(body))
    return out.getvalue()


def test_two_savings_of_one_model_settle_to_the_same_bytes() -> None:
    one = keras_archive.settled(
        _archive(["config.json", "metadata.json"], "2001-01-01@01:01:01", 2001, 140283373535312)
    )
    two = keras_archive.settled(
        _archive(["metadata.json", "config.json"], "2002-02-02@02:02:02", 2002, 140510077812560)
    )
    assert one == two
    with zipfile.ZipFile(io.BytesIO(one)) as archive:
        shared = json.loads(archive.read("config.json"))["shared_object_id"]
        assert shared == 0
        assert json.loads(archive.read("metadata.json"))["keras_version"] == "3"


def test_halves_keep_names_order_and_rounded_values() -> None:
    h5py = pytest.importorskip("h5py", reason="pip install 'fieldpack[keras]'")
    values = np.random.default_rng(0).normal(size=(3, 5)).astype(np.float32)
    weights, archive = io.BytesIO(), io.BytesIO()
    with h5py.File(weights, "w") as file:
        file.attrs["kept"] = "yes"
        file["layers/dense/vars/0"] = values
        file["layers/dense/vars/1"] = np.array([7], np.int64)
    with zipfile.ZipFile(archive, "w") as whole:
        whole.writestr("config.json", b"{}")
        whole.writestr("model.weights.h5", weights.getvalue())
    with zipfile.ZipFile(io.BytesIO(keras_archive.halved(archive.getvalue()))) as small:
        assert small.namelist() == ["config.json", "model.weights.h5"]
        assert small.read("config.json") == b"{}"
        found = h5py.File(io.BytesIO(small.read("model.weights.h5")))
    assert found.attrs["kept"] == "yes"
    assert found["layers/dense/vars/0"].dtype == np.float16
    assert np.array_equal(found["layers/dense/vars/0"], values.astype(np.float16))
    assert found["layers/dense/vars/1"][:].tolist() == [7]
