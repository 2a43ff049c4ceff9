"""Two roads side by side: the TFLite flavours and the Core ML flavours, each in its own workers.

The TFLite road writes the float32 file once, runs the source model in the same process
and makes every other TFLite flavour from that file. The Core ML road makes all packages
in one process. Nothing in here imports a framework.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from fieldpack import worker
from fieldpack.build.borders import check_stated_borders, find_borders
from fieldpack.build.compression import Compressed
from fieldpack.build.examples import Examples, save_tensors
from fieldpack.build.kept import Kept, Stored, once
from fieldpack.build.origins import source_origin, tool_versions
from fieldpack.bundle.digest import sha256_file
from fieldpack.bundle.manifest import Border, Compression, FlavourKind
from fieldpack.contract import GridInput, ImageInput, Input, SpectrogramInput
from fieldpack.coreml.canonical import canonicalise
from fieldpack.errors import ContractError, ConversionError, SourceError, UnsupportedError
from fieldpack.preprocess.spectrogram_range import value_range
from fieldpack.recipe import Method, MinMax, Percentile, Rule, TfliteRanges, Trained
from fieldpack.spec import CoremlFlavour, SourceKind, Spec, TfliteFlavour

Progress = Callable[[str, str, float], None]
"""Called with (road, stage, fraction)."""

TFLITE = "tflite"
COREML = "core ml"
EXPORT_TFLITE = "fieldpack_converters.to_tflite:export"
EXPORT_COREML = "fieldpack_converters.to_coreml:export"
SENSITIVITY = "fieldpack_converters.sensitivity:measure"
MIXED_TFLITE = "fieldpack_converters.mixed_precision:choose"
QUANTIZE_TFLITE = "fieldpack_converters.quantize_tflite:quantize"
QUANTIZE_COREML = "fieldpack_converters.quantize_coreml:quantize"
RUN_SOURCE = "fieldpack_converters.source:run"
DESCRIBE_SOURCE = "fieldpack_converters.source:describe"
EVALUATE = "fieldpack.runtime.evaluate:evaluate"


@dataclass(frozen=True, slots=True)
class Made:
    """One flavour's file, not yet measured."""

    name: str
    kind: FlavourKind
    path: Path
    inputs: tuple[Border, ...]
    outputs: tuple[Border, ...]
    compression: Compression
    quantises: bool


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What the source model said of itself, and its outputs on the evaluation examples."""

    digest: str
    parameters: int
    output_shapes: tuple[tuple[int, ...], ...]
    outputs: tuple[str, ...]


@dataclass(slots=True)
class Conversion:
    """Both roads of one build.

    Attributes
    ----------
    spec : Spec
        What is built.
    folder : Path
        Work folder; removed by its owner.
    evaluation, calibration : Examples
        Prepared data; calibration may be None.
    tensors : dict
        Input name -> ``.npy`` that the source model is fed.
    progress : callable
        Called with (road, stage, fraction).
    compressed : Compressed, optional
        What the recipe left; flavours are made from it, and compared with the source model all the same.
    kept : Kept, optional
        Where results of long steps are looked for first, and kept.
    """

    spec: Spec
    folder: Path
    evaluation: Examples
    calibration: Examples | None
    tensors: dict[str, str]
    progress: Progress
    compressed: Compressed | None = None
    kept: Kept | None = None
    _bases: dict[bool, Path] = field(default_factory=dict)
    _facts: SourceFacts | None = None

    def run(self) -> tuple[SourceFacts, dict[str, Made]]:
        """Make every flavour.

        Returns
        -------
        SourceFacts, dict of str to Made
            In no particular order.

        Raises
        ------
        FieldpackError
            The first thing that went wrong on either road; the other road is then abandoned.
        """
        with ThreadPoolExecutor(max_workers=2) as pool:
            roads = [pool.submit(self._tflite_road), pool.submit(self._coreml_road)]
            done, _ = wait(roads, return_when=FIRST_EXCEPTION)
            for road in done:
                road.result()
            made = {item.name: item for road in roads for item in road.result()}
        if self._facts is None:
            raise ConversionError("the source model was not run")
        return self._facts, made

    def answers_of_source(self) -> SourceFacts:
        """Only the source model, run on the examples; no flavour is made."""
        if self.spec.source.kind is SourceKind.TFLITE:
            self._adopt_tflite(self.folder / "base.tflite", folded=False)
        else:
            self._run_source()
        if self._facts is None:
            raise ConversionError("the source model was not run")
        return self._facts

    def _tflite_road(self) -> list[Made]:
        flavours = [item for item in self.spec.flavours if isinstance(item, TfliteFlavour)]
        for folded in sorted({item.fold_scaling for item in flavours}) or [False]:
            if flavours:
                self._export_base(folded)
        if self._facts is None:
            self._run_source()
        return [self._tflite_flavour(item) for item in flavours]

    def _export_base(self, folded: bool) -> None:
        path = self.folder / f"base-{'pixels' if folded else 'scaled'}.tflite"
        if self.spec.source.kind is SourceKind.TFLITE:
            self._adopt_tflite(path, folded)
            return
        run = None
        if self._facts is None and self.compressed is None:
            run = {"inputs": self._indexed_tensors(), "outputs": str(self.folder / "source")}
        scaling = self._scaling(folded)
        arguments = {"source": self._source(), "path": str(path), "scaling": scaling, "run": run}

        def exported() -> Stored:
            answer = self._work(TFLITE, EXPORT_TFLITE, arguments)
            facts = None if run is None else _facts(answer, answer["run"]["outputs"])
            return _stored(facts, {"base.tflite": path})

        decides = {"step": EXPORT_TFLITE, "scaling": scaling, "run": run is not None}
        stored = self._once(decides, exported) if self.compressed is None else exported()
        self._bases[folded] = stored.files["base.tflite"]
        if run is not None:
            self._facts = _facts_of(stored)

    def _adopt_tflite(self, path: Path, folded: bool) -> None:
        """An existing ``.tflite`` is its own base; it runs on LiteRT."""
        if folded:
            raise UnsupportedError(
                "scaling cannot be folded into an existing .tflite",
                hint="set fold_scaling = false for the flavours of a tflite source",
            )
        source = Path(self.spec.source.path)
        if not source.is_file():
            raise SourceError("there is no source model at this path", came=source)
        shutil.copyfile(source, path)
        self._bases[folded] = path
        inputs, outputs = find_borders(FlavourKind.TFLITE, path, self.spec.contract, folded=False)
        check_stated_borders(self.spec.contract, inputs)
        self._check_not_quantised(path)
        answer = self._evaluate(path, inputs, outputs)
        from fieldpack.tflite.file import open_model

        self._facts = SourceFacts(
            digest=sha256_file(source),
            parameters=open_model(path).weight_bytes,
            output_shapes=tuple(border.shape for border in outputs),
            outputs=tuple(answer["outputs"][border.name] for border in outputs),
        )

    def _check_not_quantised(self, path: Path) -> None:
        """A file of integers can be packed as it is, not quantised again."""
        from fieldpack.tflite.file import open_model

        again = [
            item.name
            for item in self.spec.flavours
            if isinstance(item, TfliteFlavour) and item.method is not Method.FLOAT32
        ]
        if again and open_model(path).quantised_op_count:
            raise UnsupportedError(
                "the source .tflite is quantised already",
                came=f"flavour {again[0]}",
                allowed='method = "float32", which packs the file as it is',
            )

    def _evaluate(
        self, path: Path, inputs: tuple[Border, ...], outputs: tuple[Border, ...]
    ) -> dict[str, Any]:
        return self._work(
            TFLITE,
            EVALUATE,
            {
                "kind": FlavourKind.TFLITE.value,
                "path": str(path),
                "inputs": [item.model_dump(mode="json") for item in inputs],
                "outputs": [item.model_dump(mode="json") for item in outputs],
                "prepared": self.evaluation.files,
                "folder": str(self.folder / "source"),
                "precision": "native",
            },
        )

    def _run_source(self) -> None:
        source = source_words(self.spec)

        def run() -> Stored:
            facts = self._work(TFLITE, DESCRIBE_SOURCE, {"source": source})
            arguments = {"inputs": self._indexed_tensors(), "outputs": str(self.folder / "source")}
            answer = self._work(TFLITE, RUN_SOURCE, {"source": source, **arguments})
            return _stored(_facts(facts, answer["outputs"]))

        self._facts = _facts_of(self._once({"step": RUN_SOURCE}, run))

    def _once(self, decides: dict[str, Any], make: Callable[[], Stored]) -> Stored:
        """The result of a step that hangs on the source model and the evaluation examples."""
        if self.kept is None:
            return make()
        common = {
            "source": source_origin(source_words(self.spec)),
            "evaluation": self.evaluation.prepared.digest(),
            "tools": tool_versions(),
        }
        return once(self.kept, {**common, **decides}, make)

    def _tflite_flavour(self, flavour: TfliteFlavour) -> Made:
        base = self._bases[flavour.fold_scaling]
        path = self.folder / f"{flavour.name}.tflite"
        if flavour.method is Method.FLOAT32:
            shutil.copyfile(base, path)
            operators = _operator_count(path)
            compression = Compression(
                recipe=flavour.recipe, matched=(operators,), changed=0, unchanged=operators
            )
        else:
            compression = self._quantize(flavour, base, path)
        inputs, outputs = find_borders(
            FlavourKind.TFLITE, path, self.spec.contract, folded=flavour.fold_scaling
        )
        return Made(
            flavour.name,
            FlavourKind.TFLITE,
            path,
            inputs,
            outputs,
            compression,
            quantises=flavour.method.quantises,
        )

    def _quantize(self, flavour: TfliteFlavour, base: Path, path: Path) -> Compression:
        inputs, _ = find_borders(FlavourKind.TFLITE, base, self.spec.contract, folded=flavour.fold_scaling)
        calibration, trained = None, isinstance(flavour.ranges, Trained)
        if flavour.method.calibrates and self.calibration is not None:
            calibration = save_tensors(inputs, self.calibration, self.folder / f"calibration-{flavour.name}")
        rules = (*self._mixed_rules(flavour, base, inputs), *flavour.rules)
        answer = self._work(
            TFLITE,
            QUANTIZE_TFLITE,
            {
                "model": str(base),
                "path": str(path),
                "method": flavour.method.value,
                "calibration": calibration,
                "ranges": _ranges(flavour.ranges),
                "io": flavour.io,
                "rules": [rule.model_dump(mode="json") for rule in rules],
                "input_ranges": self._input_ranges(inputs, base),
                "bias_correction": flavour.bias_correction,
                "trained": self.compressed.ranges if self.compressed is not None and trained else None,
                "float_heads": self._float_heads(flavour, base),
            },
        )
        if self.compressed is not None and trained:
            self.compressed.note_ranges(flavour.name, answer["trained_ranges"])
        if not answer["changed"] or answer["quantised_ops"] == 0:
            raise ConversionError(
                f"flavour {flavour.name} was to be {flavour.method.value}, but its file did not change",
                came=f"{answer['quantised_ops']} quantised operators",
                hint="choose a method that fits the model's operators",
            )
        if answer["head_rule"] is not None:
            rules = (Rule.model_validate_json(json.dumps(answer["head_rule"])), *rules)
        matched = answer["matched"]
        return Compression(
            recipe=(flavour.recipe[0], *rules),
            matched=(matched["default"], *(matched[str(index)] for index in range(len(rules)))),
            changed=answer["quantised_ops"],
            unchanged=answer["float_ops"],
            without_weights=answer["without_weights"],
        )

    def _estimates(self) -> list[str]:
        """Outputs whose last layers stay in floats."""
        return [item.name for item in self.spec.contract.outputs if item.estimate is not None]

    def _float_heads(self, flavour: TfliteFlavour, base: Path) -> list[int]:
        """Positions of those outputs in the file, where activations become integers."""
        from fieldpack.tflite.file import open_model

        if not flavour.method.calibrates or not self._estimates():
            return []
        _, outputs = find_borders(FlavourKind.TFLITE, base, self.spec.contract, folded=flavour.fold_scaling)
        places = list(open_model(base).output_names)
        return [places.index(border.tensor) for border in outputs if border.name in self._estimates()]

    def _mixed_rules(
        self, flavour: TfliteFlavour, base: Path, inputs: tuple[Border, ...]
    ) -> tuple[Rule, ...]:
        """The rules that the sensitivity of each layer leads to; none where the flavour asks for none."""
        if flavour.mixed is None or self.calibration is None:
            return ()
        calibration = save_tensors(inputs, self.calibration, self.folder / f"mixed-{flavour.name}")
        words = {
            "methods": [method.value for method in flavour.mixed.methods],
            "activation": self.spec.contract.outputs[0].activation.value,
            "limit": flavour.mixed.examples,
            "ranges": _ranges(flavour.ranges),
        }

        def measured() -> Stored:
            given = {"model": str(base), "calibration": calibration}
            return Stored(self._work(TFLITE, SENSITIVITY, {**given, **words}))

        digests = {"base": sha256_file(base), "calibration": self.calibration.prepared.digest()}
        decides = {"step": SENSITIVITY, **words, **digests, "tools": tool_versions()}
        answer = self._work(
            TFLITE,
            MIXED_TFLITE,
            {
                "model": str(base),
                "layers": once(self.kept, decides, measured).words["layers"],
                "methods": words["methods"],
                "share": flavour.mixed.share,
                "latency_ms": flavour.mixed.latency_ms,
            },
        )
        return tuple(Rule.model_validate_json(json.dumps(rule)) for rule in answer["rules"])

    def _coreml_road(self) -> list[Made]:
        flavours = [item for item in self.spec.flavours if isinstance(item, CoremlFlavour)]
        if not flavours:
            return []
        if self.spec.source.kind is SourceKind.TFLITE:
            raise UnsupportedError(
                "a .tflite source has no Core ML flavour",
                came=flavours[0].name,
                hint="give the Keras or PyTorch model that the .tflite was made from",
            )
        orders = [self._coreml_order(item) for item in flavours]
        answer = self._work(COREML, EXPORT_COREML, {"source": self._source(), "flavours": orders})
        answers = {item.name: answer["flavours"][item.name] for item in flavours}
        for item in flavours:
            if item.main_method.calibrates:
                answers[item.name] = self._quantize_coreml(item, Path(answers[item.name]["path"]))
        return [self._coreml_flavour(item, answers[item.name]) for item in flavours]

    def _quantize_coreml(self, flavour: CoremlFlavour, package: Path) -> dict[str, Any]:
        """A calibrated package from the float one, in a worker of its own."""
        if self.calibration is None:
            raise ConversionError(f"flavour {flavour.name} has no calibration data")
        inputs, _ = find_borders(FlavourKind.COREML, package, self.spec.contract, folded=flavour.fold_scaling)
        return self._work(
            COREML,
            QUANTIZE_COREML,
            {
                "package": str(package),
                "path": str(self._package_path(flavour)),
                "calibration": save_tensors(
                    inputs, self.calibration, self.folder / f"calibration-{flavour.name}"
                ),
                "ranges": _ranges(flavour.ranges),
                "float_heads": self._estimates(),
            },
        )

    def _package_path(self, flavour: CoremlFlavour) -> Path:
        return self.folder / f"{flavour.name}.mlpackage"

    def _coreml_order(self, flavour: CoremlFlavour) -> dict[str, Any]:
        path = self._package_path(flavour)
        if flavour.main_method.calibrates:
            path = self.folder / f"{flavour.name}-float.mlpackage"
        weights = None
        if flavour.main_method.weights_only:
            settings = flavour.model_dump(include={"block_size", "palette_bits", "group_size"})
            weights = {"method": flavour.method, "layers": flavour.weight_layers, **settings}
        return {
            "name": flavour.name,
            "path": str(path),
            "precision": flavour.precision.value,
            "weights": weights,
            "minimum_ios": flavour.minimum_ios,
            "fold_scaling": self._scaling(flavour.fold_scaling),
            "input_names": [item.name for item in self.spec.contract.inputs],
            "output_names": [item.name for item in self.spec.contract.outputs],
            "float32_operators": [flavour.float32_layers] if flavour.float32_layers else [],
        }

    def _coreml_flavour(self, flavour: CoremlFlavour, answer: dict[str, Any]) -> Made:
        path = self._package_path(flavour)
        canonicalise(path)
        inputs, outputs = find_borders(
            FlavourKind.COREML, path, self.spec.contract, folded=flavour.fold_scaling
        )
        operators, halved = int(answer["operators"]), int(answer["float16_tensors"])
        quantised = int(answer["constexpr_ops"]) + int(answer.get("quantize_ops", 0))
        quantises = flavour.main_method.quantises
        kept = (int(answer["float32_operators"]),) if flavour.float32_layers else ()
        whole = (operators,) if flavour.weight_layers else ()
        compression = Compression(
            recipe=flavour.recipe,
            matched=(*whole, quantised if quantises else operators, *kept),
            changed=quantised if quantises else halved,
            unchanged=operators - halved,
        )
        return Made(flavour.name, FlavourKind.COREML, path, inputs, outputs, compression, quantises=quantises)

    def _work(self, road: str, target: str, arguments: dict[str, Any]) -> dict[str, Any]:
        return worker.run(target, arguments, progress=lambda stage, done: self.progress(road, stage, done))

    def _source(self) -> dict[str, Any]:
        """What flavours are made from."""
        return source_words(self.spec) if self.compressed is None else self.compressed.source

    def _indexed_tensors(self) -> dict[str, str]:
        return {str(index): self.tensors[item.name] for index, item in enumerate(self.spec.contract.inputs)}

    def _scaling(self, folded: bool) -> dict[str, list[float]] | None:
        first = self.spec.contract.inputs[0]
        if not folded:
            return None
        if not isinstance(first, ImageInput):
            raise ContractError(
                "fold_scaling = true needs a picture as the first input",
                came=first.kind,
                hint="set fold_scaling = false",
            )
        scale, offset = first.scale_offset()
        return {"scale": list(scale), "offset": list(offset)}

    def _input_ranges(self, inputs: tuple[Border, ...], base: Path) -> dict[str, list[float]]:
        """Ranges that the contract states, whatever the calibration data are, by tensor name."""
        from fieldpack.tflite.file import open_model

        tensors = {border.tensor: tensor for border, tensor in _named_inputs(open_model(base), inputs)}
        met = zip(self.spec.contract.inputs, inputs, strict=True)
        known = {tensors[border.tensor]: _stated_range(item, border) for item, border in met}
        return {tensor: list(ends) for tensor, ends in known.items() if ends is not None}


def _stated_range(item: Input, border: Border) -> tuple[float, float] | None:
    """The range of pixels, as they are or scaled outside the graph, and of spectrograms."""
    if isinstance(item, SpectrogramInput):
        return value_range(item)
    if not isinstance(item, ImageInput):
        return None
    if border.scale is None or border.offset is None:
        return 0.0, 255.0
    ends = [o + p * s for s, o in zip(border.scale, border.offset, strict=True) for p in (0, 255)]
    return min(ends), max(ends)


def source_words(spec: Spec) -> dict[str, Any]:
    """The source model in the words of the worker targets."""
    source = spec.source.model_dump(mode="json")
    first = spec.contract.inputs[0]
    source["layout"] = first.layout.value if isinstance(first, GridInput) else "NHWC"
    source["input_shapes"] = [[1, *item.shape] for item in spec.contract.inputs]
    return source


def _facts(answer: dict[str, Any], outputs: list[str]) -> SourceFacts:
    return SourceFacts(
        digest=answer["digest"],
        parameters=int(answer["parameters"]),
        output_shapes=tuple(
            tuple(1 if size is None else int(size) for size in item["shape"]) for item in answer["outputs"]
        ),
        outputs=tuple(outputs),
    )


def _stored(facts: SourceFacts | None, files: dict[str, Path] | None = None) -> Stored:
    """Facts and outputs of the source model, where it ran, and other files."""
    outputs = {} if facts is None else {f"output-{n}.npy": Path(path) for n, path in enumerate(facts.outputs)}
    words = {} if facts is None else asdict(facts)
    return Stored({**words, "outputs": list(outputs)}, {**(files or {}), **outputs})


def _facts_of(stored: Stored) -> SourceFacts:
    words = stored.words
    return SourceFacts(
        digest=words["digest"],
        parameters=words["parameters"],
        output_shapes=tuple(tuple(shape) for shape in words["output_shapes"]),
        outputs=tuple(str(stored.files[name]) for name in words["outputs"]),
    )


def _ranges(ranges: TfliteRanges | None) -> dict[str, Any] | None:
    if ranges is None or isinstance(ranges, MinMax | Trained):
        return {"kind": "min_max"}
    if isinstance(ranges, Percentile):
        return {"kind": "percentile", "percentile": ranges.percent}
    return {"kind": "mse"}


def _named_inputs(model: Any, inputs: tuple[Border, ...]) -> list[tuple[Border, str]]:
    """Each input border with the name of its tensor, which differs from the signature's name."""
    by_name = dict(zip(model.input_names, (tensor.name for tensor in model.inputs), strict=True))
    return [(border, by_name[border.tensor]) for border in inputs]


def _operator_count(path: Path) -> int:
    from fieldpack.tflite.file import open_model

    return len(open_model(path).operators)
