"""``read_network``: a neural network model as its layers, labels and mappings; needs no torch.

Three kinds share one form: ``neuralNetwork``, ``neuralNetworkClassifier`` (with labels and the name
of the blob that holds their probabilities) and ``neuralNetworkRegressor``.

Specification: ``NeuralNetwork.proto``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from fieldpack.coreml.neural.schema import parse
from fieldpack.coreml.neural.weights import stored_form, weights_of
from fieldpack.errors import ModelFileError, UnsupportedError

#: Kind of model -> its message.
NETWORKS = {
    "neuralNetwork": "NeuralNetwork",
    "neuralNetworkClassifier": "NeuralNetworkClassifier",
    "neuralNetworkRegressor": "NeuralNetworkRegressor",
}
#: First specification version that lets blobs have the exact rank of an array.
EXACT_RANKS = 4
#: Kinds of layers that hold networks of their own, and the fields in which.
INNER = {"branch": ("ifBranch", "elseBranch"), "loop": ("conditionNetwork", "bodyNetwork")}


class LayerRow(NamedTuple):
    """One layer: its kind, its name, and the stored bytes of its weights."""

    kind: str
    name: str
    weight_bytes: int


@dataclass(frozen=True, slots=True)
class Network:
    """A neural network model.

    Attributes
    ----------
    specification : int
        Version of the specification that the file declares.
    layers : tuple of ``NeuralNetworkLayer`` messages
        In the order of the file, which is the order of a run.
    preprocessing : tuple of ``NeuralNetworkPreprocessing`` messages
    exact_arrays : bool
        Arrays keep their rank; else they become blobs of rank 5.
    short_images : bool
        Pictures become blobs of rank 4; else of rank 5.
    labels : tuple of str or int, or None
        Of a classifier.
    probabilities : str
        Blob with the probabilities of the labels; empty where there are none.
    """

    specification: int
    layers: tuple[Any, ...]
    preprocessing: tuple[Any, ...]
    exact_arrays: bool
    short_images: bool
    labels: tuple[str, ...] | tuple[int, ...] | None
    probabilities: str

    def rows(self) -> list[LayerRow]:
        """The layers in order; those inside control flow follow their own."""
        return [
            LayerRow(kind_of(layer), str(layer.name), sum(size for _, size in _stored(layer)))
            for layer in walk(self.layers)
        ]

    def weight_storage(self) -> dict[str, int]:
        """Stored bytes by element type."""
        totals: Counter[str] = Counter()
        for layer in walk(self.layers):
            for form, size in _stored(layer):
                totals[form] += size
        return dict(sorted(totals.items()))


def read_network(kind: str, data: bytes, specification: int) -> Network:
    """Parse the model inside a file.

    Parameters
    ----------
    kind : str
        One of ``NETWORKS``.
    data : bytes
        The field of ``Model`` of that name.
    specification : int
        Version that the file declares.

    Raises
    ------
    UnsupportedError
        A kind of model that is no neural network.
    ModelFileError
        The bytes are damaged, or contradict the version.
    """
    if kind not in NETWORKS:
        raise UnsupportedError("The model is no neural network", came=kind, allowed=", ".join(NETWORKS))
    model = parse(NETWORKS[kind], data)
    exact, short = bool(model.arrayInputShapeMapping), bool(model.imageInputShapeMapping)
    if (exact or short) and specification < EXACT_RANKS:
        raise ModelFileError(
            "The model asks for blobs of any rank, which its version does not have",
            came=f"specification {specification}",
            allowed=f"from specification {EXACT_RANKS}",
        )
    labels, probabilities = _labels(model) if kind == "neuralNetworkClassifier" else (None, "")
    return Network(
        specification,
        tuple(model.layers),
        tuple(model.preprocessing),
        exact,
        short,
        labels,
        probabilities,
    )


def kind_of(layer: Any) -> str:
    """Kind of a layer as the specification names it; ``"none"`` where a newer file has another one."""
    return str(layer.WhichOneof("layer") or "none")


def walk(layers: Iterable[Any]) -> Iterator[Any]:
    """Layers in order, each followed by those of the networks inside it."""
    for layer in layers:
        yield layer
        kind = kind_of(layer)
        for field in INNER.get(kind, ()):
            yield from walk(getattr(getattr(layer, kind), field).layers)


def _stored(layer: Any) -> list[tuple[str, int]]:
    """Form and bytes of every weight of a layer; inner networks count for themselves."""
    kind = kind_of(layer)
    if kind == "none" or kind in INNER:
        return []
    return [stored_form(weight) for weight in weights_of(getattr(layer, kind))]


def _labels(model: Any) -> tuple[tuple[str, ...] | tuple[int, ...] | None, str]:
    field = model.WhichOneof("ClassLabels")
    if field is None:
        return None, ""
    listed = getattr(model, field).vector
    labels = tuple(map(str, listed)) if field == "stringClassLabels" else tuple(map(int, listed))
    outputs = [name for layer in model.layers[-1:] for name in layer.output]
    return labels, str(model.labelProbabilityLayerName or (outputs[0] if outputs else ""))
