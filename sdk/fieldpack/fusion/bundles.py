"""All of it on bundles: what each mode answers to a picture, a place and a recording."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fieldpack.bundle.manifest import FlavourKind
from fieldpack.bundle.read import Bundle
from fieldpack.contract import ImageInput, Input, LocationInput, Output, SoundInput
from fieldpack.errors import InputError
from fieldpack.fusion.answer import Answer
from fieldpack.fusion.fuse import DEFAULTS, aligned, fuse, with_flavour
from fieldpack.fusion.options import Options
from fieldpack.fusion.pictures import mode_picture
from fieldpack.fusion.places import Place
from fieldpack.fusion.rules import Mode
from fieldpack.predict import Predictor
from fieldpack.recordings.scores import label_scores
from fieldpack.taxonomy.release import stored_taxonomy
from fieldpack.taxonomy.tree import Taxonomy

if TYPE_CHECKING:
    from fieldpack.taxonomy.rollup import Numbers

KINDS = {
    Mode.IOS: FlavourKind.COREML,
    Mode.ANDROID: FlavourKind.TFLITE,
    Mode.ANDROID_TRANSPOSED: FlavourKind.TFLITE,
}


@dataclass(frozen=True)
class Models:
    """The bundles, and what they are asked.

    Attributes
    ----------
    picture, place, sound : (Bundle, example) or None
        A picture file, a place, a recording.
    flavour : str or None
        Which flavour runs in every mode; by default the first Core ML flavour on iOS, the first TFLite
        flavour on Android, the first of all on the server. Where a bundle lacks that kind its first flavour
        runs, and the answer says so.
    crop_ratio : float
        Android's.
    """

    picture: tuple[Bundle, Path] | None = None
    place: tuple[Bundle, Place] | None = None
    sound: tuple[Bundle, Path] | None = None
    flavour: str | None = None
    crop_ratio: float = 1.0


def fuse_bundles(
    models: Models,
    modes: Sequence[Mode] = tuple(Mode),
    options: Options = DEFAULTS,
    progress: Callable[[str, float], None] = lambda stage, fraction: None,
) -> tuple[Answer, ...]:
    """Run the models as each mode does and fuse what they give.

    Scores are joined by taxon id; the taxonomy is that of the picture's bundle, else of the sound's, else of
    the place's. Thresholds of the place's bundle stand in for those of the taxonomy. A picture or place model
    must know every taxon; what a sound model does not know keeps its score.

    Parameters
    ----------
    models : Models
        At least one bundle, each with one input of its kind and an output with a taxonomy.
    modes : sequence of Mode
        Which.
    options : Options
        Requests.
    progress : callable
        Called with (stage, fraction).

    Raises
    ------
    InputError
        A bundle is of another kind, there is none, or taxa are unknown.
    ContractError
        A bundle has no taxonomy.
    """
    asked = {"picture": models.picture, "sound": models.sound, "place": models.place}
    given = {name: _Asked(name, *pair) for name, pair in asked.items() if pair is not None}
    if not given:
        raise InputError("there is nothing to fuse", allowed="a bundle of a picture, a place or a sound")
    taxonomy = next(iter(given.values())).taxonomy
    answers = []
    for position, mode in enumerate(modes):
        progress(mode.value, position / len(modes))
        scores, notes, flavours = {}, [], []
        for name, item in given.items():
            values, flavour, said = item.scores(mode, models)
            missing = float("nan") if name == "sound" else None
            scores[name] = aligned(values, item.taxonomy, taxonomy, missing=missing)
            notes += said
            flavours.append(flavour)
        limited = taxonomy
        if "place" in given:
            limited = _with_thresholds(taxonomy, given["place"].thresholds(mode, models.flavour))
        seen, known, heard = (scores.get(name) for name in ("picture", "place", "sound"))
        answer = fuse(seen, known, heard, limited, mode, options)
        answers.append(with_flavour(answer, ", ".join(dict.fromkeys(flavours)), notes))
    return tuple(answers)


class _Asked:
    """One bundle with what it is asked, opened once."""

    def __init__(self, name: str, bundle: Bundle, example: Path | Place) -> None:
        self.name, self.bundle, self.example = name, bundle, example
        kinds = [item.kind for item in bundle.manifest.contract.inputs]
        if len(kinds) != 1 or not _takes(bundle.manifest.contract.inputs[0], name):
            raise InputError(
                f"{bundle.location} takes no {name}",
                came=", ".join(kinds),
                allowed=f"a bundle with one input, a {name}",
            )
        self.taxonomy = stored_taxonomy(bundle)
        self._predictors: dict[str, Predictor] = {}
        self._answered: dict[tuple[str, bytes], Numbers] = {}

    def scores(self, mode: Mode, models: Models) -> tuple[Numbers, str, list[str]]:
        """Scores 0 to 1 [C] in a mode, the flavour that gave them, and what there is to say of it."""
        flavour, notes = self._flavour(mode, models.flavour)
        predictor = self._predictors.setdefault(flavour, Predictor(self.bundle, flavour))
        prepared = self._prepared(mode, models, predictor)
        key = (flavour, prepared.tobytes())
        if key not in self._answered:
            self._answered[key] = self._run(predictor, prepared)
        return self._answered[key], f"{self.name} {flavour} ({predictor.evidence.value})", notes

    def thresholds(self, mode: Mode, wanted: str | None) -> dict[str, float]:
        """Thresholds by taxon id: of the flavour that runs, else the taxonomy's, else one for all."""
        output = self._output()
        found = self.bundle.thresholds(output.name, self._flavour(mode, wanted)[0])
        if found is not None:
            pairs = zip(self.taxonomy.leaves, found.tolist(), strict=True)
            filled = ((taxon.id, output.threshold if value != value else value) for taxon, value in pairs)
            return {taxon: value for taxon, value in filled if value is not None}
        own = {taxon.id: taxon.threshold for taxon in self.taxonomy.taxa if taxon.threshold is not None}
        if own or output.threshold is None:
            return own
        return {taxon.id: output.threshold for taxon in self.taxonomy.leaves}

    def _prepared(self, mode: Mode, models: Models, predictor: Predictor) -> Any:
        from fieldpack.preprocess.prepare import prepare

        taken = predictor.input
        if isinstance(taken, ImageInput) and isinstance(self.example, Path):
            return mode_picture(self.example, taken, mode, models.crop_ratio)
        return prepare(taken, self.example.raw if isinstance(self.example, Place) else self.example)

    def _run(self, predictor: Predictor, prepared: Any) -> Numbers:
        import numpy as np

        from fieldpack.recordings.pooling import pooled

        output = self._output()
        values = label_scores(
            output, predictor.run({predictor.input.name: prepared})[output.name].reshape(len(prepared), -1)
        )
        rule = (
            predictor.input.front_end.windows.pooling if isinstance(predictor.input, SoundInput) else "mean"
        )
        joined: Numbers = pooled(values, np.zeros(len(values), np.int64), rule)[0].astype(np.float64)
        return np.clip(joined, 0.0, 1.0)

    def _output(self) -> Output:
        return next(item for item in self.bundle.manifest.contract.outputs if item.taxonomy is not None)

    def _flavour(self, mode: Mode, wanted: str | None) -> tuple[str, list[str]]:
        flavours = self.bundle.manifest.flavours
        if wanted is not None and any(item.name == wanted for item in flavours):
            return wanted, []
        if wanted is not None:
            names = ", ".join(item.name for item in flavours)
            raise InputError(f"{self.bundle.location} has no such flavour", came=wanted, allowed=names)
        kind = KINDS.get(mode)
        fitting = next((item for item in flavours if kind in (None, item.kind)), None)
        if fitting is not None:
            return fitting.name, []
        note = f"the {self.name}'s bundle has no {kind} flavour; {flavours[0].name} ran in its place"
        return flavours[0].name, [note]


def _takes(taken: Input, name: str) -> bool:
    if name == "sound":
        return isinstance(taken, SoundInput)
    return isinstance(taken, ImageInput if name == "picture" else LocationInput)


def _with_thresholds(taxonomy: Taxonomy, stated: Mapping[str, float]) -> Taxonomy:
    """The thresholds of the place's model where it has any; they belong to its scores."""
    kept = {taxon: value for taxon, value in stated.items() if taxon in taxonomy.by_id}
    return taxonomy.with_thresholds(kept) if kept else taxonomy
