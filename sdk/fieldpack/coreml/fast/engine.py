"""``FastEngine``: a translated program in an onnxruntime session."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from numpy.typing import NDArray

from fieldpack.coreml.arithmetic import Precision
from fieldpack.coreml.engine import EngineKind
from fieldpack.coreml.exchange import give_output, take_inputs
from fieldpack.coreml.fast.graph import Wire
from fieldpack.coreml.fast.translate import Translation, computed_names, translate
from fieldpack.coreml.package import Package
from fieldpack.errors import MissingDependencyError, ModelFileError, UnsupportedError


class FastEngine:
    """A package made ready to run on onnxruntime; the same border as ``Interpreter``.

    Parameters
    ----------
    package : Package
        From ``open_package``.
    precision : Precision
        ``fp32`` (default) or ``fp16``; see ``arithmetic``.
    threads : int, optional
        Threads of the session; as many as the machine has cores otherwise. The same number of
        threads gives the same result, bit for bit.

    Raises
    ------
    MissingDependencyError
        onnx or onnxruntime is not installed.
    UnsupportedError
        The program uses an operator, or a form of one, that is not covered, or is no ML Program.
    ModelFileError
        The program contradicts itself.
    """

    kind = EngineKind.FAST

    def __init__(
        self, package: Package, precision: Precision = Precision.FP32, threads: int | None = None
    ) -> None:
        self.package = package
        self.precision = Precision(precision)
        self.threads = threads
        flexible = [f.name for f in package.inputs if not _fixed(f)]
        if flexible or package.states:
            raise UnsupportedError(
                "The fast engine runs programs of one shape, without state",
                came=", ".join(flexible + [state.name for state in package.states]),
                allowed="inputs of one shape",
                hint="use the reference engine",
            )
        translation = translate(package, self.precision)
        self._session = _session(translation, threads)
        self._inputs = translation.inputs
        self._results = translation.results
        self._classified = translation.classified
        wires = {name: wire.name for name, wire in translation.outputs.items()}
        self._outputs = [(feature, wires.get(feature.name, feature.name)) for feature in package.outputs]

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Run the program once.

        Parameters
        ----------
        inputs : mapping of name to array
            As for ``Interpreter.run``.

        Returns
        -------
        dict of name to array
            In the declared order and type (see ``exchange.give_output``).

        Raises
        ------
        InputError
            A name, shape, type or range does not fit.
        ModelFileError
            An operation cannot be computed, or its result is not what the program declares.
        """
        values = _execute(self._session, self._results, self._feeds(inputs))
        classified = self._classified
        if classified is not None:
            scores = values[classified.scores.name]
            values[classified.label] = classified.classes[int(scores.argmax())]
        return {feature.name: give_output(feature, values[name]) for feature, name in self._outputs}

    def run_intermediates(
        self, inputs: Mapping[str, NDArray[Any]], names: Iterable[str] | None = None
    ) -> dict[str, NDArray[Any]]:
        """Run the program once and return tensors by their name in the program.

        The program is translated anew, so a single look is as dear as making the engine.

        Parameters
        ----------
        inputs : mapping of name to array
            As for ``run``.
        names : iterable of str, optional
            Inputs, computed tensors or constants; every result of an operation where none are given.

        Returns
        -------
        dict of name to array
            As computed: float16 tensors come as float32 arrays (already rounded under ``fp16``).

        Raises
        ------
        InputError
            As for ``run``.
        ModelFileError
            As for ``run``, or a name that the program does not have.
        """
        wanted = computed_names(self.package) if names is None else list(names)
        translation = translate(self.package, self.precision, wanted)
        found = _execute(_session(translation, self.threads), translation.results, self._feeds(inputs))
        return {name: found[wire.name] for name, wire in translation.outputs.items()}

    def _feeds(self, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Checked inputs by their name in the graph; a translation always names them alike."""
        taken = take_inputs(self.package.inputs, inputs)
        return {wire.name: taken[name].astype(wire.dtype, copy=False) for name, wire in self._inputs.items()}


def _execute(session: Any, wanted: Mapping[str, Wire], feeds: dict[str, NDArray[Any]]) -> dict[str, Any]:
    """Results of the graph by their name there, their shapes compared."""
    try:
        found = session.run(list(wanted), feeds)
    except Exception as error:
        raise ModelFileError(
            "An operation cannot be computed",
            came=str(error).splitlines()[0],
            allowed="inputs that fit the operators",
            hint="the package contradicts itself, or is damaged",
        ) from error
    for wire, value in zip(wanted.values(), found, strict=True):
        if value.shape != wire.shape:
            raise ModelFileError(
                "A result has another shape than declared",
                came=list(value.shape),
                allowed=str(list(wire.shape)),
            )
    return dict(zip(wanted, found, strict=True))


def _fixed(feature: Any) -> bool:
    ranges = feature.ranges or ()
    return all(low == high for low, high in ranges) and len(feature.shapes or ()) <= 1


def _session(translation: Translation, threads: int | None) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingDependencyError(
            "The fast engine for Core ML needs onnxruntime", hint='pip install "fieldpack[coreml]"'
        ) from error
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.intra_op_num_threads = threads or 0
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    options.use_deterministic_compute = True
    # Pairs of quantize and dequantize would be fused into integer kernels that round elsewhere.
    options.add_session_config_entry("session.disable_quant_qdq", "1")
    try:
        return onnxruntime.InferenceSession(translation.model, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise UnsupportedError(
            "onnxruntime does not run the translated program",
            came=str(error).splitlines()[0],
            allowed="operators and element types that it has kernels for",
            hint="use the reference engine",
        ) from error
