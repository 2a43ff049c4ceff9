"""Passes: what a spec's ``[[recipe]]`` may do to the source model before it becomes flavours.

A pass is one method on the layers that it names. They run in the order of the spec, each on what the
one before it left; the stated order that works is prune, distil, quantisation-aware training,
equalise, round, refit. Flavours are then made from the result, and compared with the model that the
server team handed over.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from fieldpack.model import Strict


def _compiled(layers: str) -> str:
    try:
        re.compile(layers)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error
    return layers


class Training(Strict):
    """How a pass trains: Adam, its rate rises and falls as a cosine to zero; seeded by ``[pack] seed``."""

    epochs: int = Field(ge=1, description="passes over the training data", examples=[5])
    batch: int = Field(ge=1, description="examples a step", examples=[32])
    learning_rate: float = Field(gt=0, description="largest rate", examples=[0.0005])
    warm_up: float = Field(
        default=0.0,
        ge=0,
        description="epochs in which the rate rises; networks with folded norms need them",
        examples=[1.0],
    )
    crop: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="pictures are random parts of at least this share of the area, made as large again",
        examples=[0.4],
    )
    flip: bool = Field(default=False, description="pictures are mirrored at random")
    shift: float = Field(
        default=0.0,
        ge=0,
        lt=0.5,
        description="largest random shift of pictures, share of a side",
        examples=[0.1],
    )
    mixup: float = Field(
        default=0.0, ge=0, description="alpha of mixup's beta distribution; 0 is none", examples=[0.2]
    )

    @model_validator(mode="after")
    def _rises_before_it_ends(self) -> Training:
        if self.warm_up >= self.epochs:
            raise ValueError("warm_up must be shorter than epochs")
        return self


class Features(Strict):
    """Outputs inside the source that the student's are held near (Romero et al. 2015, "FitNets")."""

    layers: str = Field(
        min_length=1,
        description="regular expression of layers that both models have, with outputs of the same shape",
        examples=["_add$|_project$"],
    )
    weight: float = Field(
        gt=0,
        description="weight, beside the answers', of the squared difference over the source's variance",
        examples=[3.0],
    )

    _compiles = field_validator("layers")(_compiled)


class Teaching(Strict):
    """A teacher's answers beside or in place of the labels, on the same views."""

    teacher: str = Field(
        description='"source", or the path of a pack.toml whose source model is the teacher',
        examples=["source"],
    )
    temperature: float = Field(gt=0, description="softens both answers", examples=[2.0])
    label_weight: float = Field(
        ge=0, le=1, description="weight of the labels; the rest is the teacher's", examples=[0.1]
    )
    taxonomy_weight: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="share of a label's weight that is spread over its relatives in the contract's taxonomy",
        examples=[0.1],
    )
    features: Features | None = Field(
        default=None, description='layers inside the teacher that teach too; only with teacher = "source"'
    )

    @model_validator(mode="after")
    def _features_are_the_source_s(self) -> Teaching:
        if self.features is not None and self.teacher != "source":
            raise ValueError('features need teacher = "source": other models have other layers')
        return self


class _Pass(Strict):
    """What every pass states."""

    layers: str = Field(
        min_length=1,
        description="regular expression searched in the names of the model's layers",
        examples=[".*", "block_1[0-9]"],
    )

    _compiles = field_validator("layers")(_compiled)


class _Retrained(_Pass):
    """A pass that may train afterwards, on labels or with a teacher."""

    training: Training | None = Field(default=None, description="fine-tuning of all layers")
    teaching: Teaching | None = Field(
        default=None, description="a teacher in the fine-tuning; labels alone where left out"
    )

    @model_validator(mode="after")
    def _teaches_in_training(self) -> _Retrained:
        if self.teaching is not None and self.training is None:
            raise ValueError("teaching goes with training and only there")
        return self


class PruneChannels(_Retrained):
    """Takes whole channels out; the network becomes smaller and stays dense.

    By ``norm`` every matching layer loses the same share of its channels, those of the smallest norm. By
    ``contribution`` the channels of all matching layers are ranked together, by what they add to the layers
    that read them on the calibration data, for each parameter that goes with them; ``share`` is then that of
    the model's parameters.
    """

    method: Literal["prune_channels"]
    by: Literal["norm", "contribution"] = Field(
        default="norm", description="which channels go", examples=["contribution"]
    )
    share: float = Field(
        gt=0,
        lt=1,
        description="share of each layer's channels, or of the model's parameters, taken out",
        examples=[0.5],
    )
    round_to: int = Field(default=8, ge=1, description="channels left are a multiple of it", examples=[8])
    steps: int = Field(default=1, ge=1, description="rounds of pruning and training", examples=[3])


class PruneWeights(_Retrained):
    """Sets single weights to zero, those of the smallest magnitude; pays in compressed size only.

    Its training and every later pass keep the zeros.
    """

    method: Literal["prune_weights"]
    pattern: Literal["unstructured", "2:4"] = Field(
        description="any weights, or two of each four neighbours", examples=["unstructured"]
    )
    share: float | None = Field(
        default=None, gt=0, lt=1, description="share of zeros; unstructured only", examples=[0.75]
    )
    rise: float = Field(
        default=0.0,
        ge=0,
        description="epochs of the training in which the zeros rise to share; 0 sets all before it",
        examples=[5.0],
    )

    @model_validator(mode="after")
    def _share_goes_with_unstructured(self) -> PruneWeights:
        if (self.share is None) != (self.pattern == "2:4"):
            raise ValueError('share goes with pattern = "unstructured" and only there; example: share = 0.75')
        return self

    @model_validator(mode="after")
    def _rises_within_the_training(self) -> PruneWeights:
        if self.rise and (self.share is None or self.training is None):
            raise ValueError("rise goes with share and training")
        if self.training is not None and self.rise >= self.training.epochs:
            raise ValueError("rise must be shorter than the training's epochs")
        return self


class FineTune(_Pass):
    """Trains the named layers on the labels."""

    method: Literal["fine_tune"]
    training: Training = Field(description="how it trains")


class Distil(_Pass, Teaching):
    """Trains the named layers to answer as a teacher does on the same views, and on the labels there are."""

    method: Literal["distil"]
    training: Training = Field(description="how it trains")


class QuantisationAware(_Pass):
    """Trains with 8-bit weights and activations in the forward pass, rounded as TFLite does."""

    method: Literal["quantisation_aware"]
    training: Training = Field(description="how it trains")
    teaching: Teaching | None = Field(
        default=None, description="a teacher in the training; labels alone where left out"
    )

    @model_validator(mode="after")
    def _looks_at_answers(self) -> QuantisationAware:
        if self.teaching is not None and self.teaching.features is not None:
            raise ValueError("quantisation_aware is taught by answers, not by features; leave features out")
        return self


class Equalise(_Pass):
    """Scales neighbouring layers against each other until their channels have like ranges; same function."""

    method: Literal["equalise"]


class Round(_Pass):
    """Chooses for each weight to round up or down so that the layer's answer stays, and writes it back."""

    method: Literal["round"]
    bits: Literal[8, 4] = Field(description="bits of the stored weights", examples=[8])
    block_size: int | None = Field(
        default=None,
        ge=2,
        description="inputs that share a scale; a whole channel where left out",
        examples=[32],
    )
    iterations: int = Field(default=500, ge=1, description="steps a layer", examples=[500])


class RoundHead(_Pass):
    """Rounds dense layers one input after another, each error taken up by those to come (GPTQ)."""

    method: Literal["round_head"]
    bits: Literal[8, 4] = Field(description="bits of the stored weights", examples=[8])
    block_size: int | None = Field(
        default=None,
        ge=2,
        description="inputs that share a scale; a whole channel where left out",
        examples=[32],
    )
    damping: float = Field(
        default=0.01, gt=0, description="share of the mean feature variance added to all", examples=[0.01]
    )
    weighting: Literal["features", "border"] = Field(
        default="features",
        description="least error on all features alike, or where a label is undecided (sigmoid scores only)",
        examples=["border"],
    )


class LowRank(_Pass):
    """Factors dense layers in two thinner ones, with the least error on the features that occur."""

    method: Literal["low_rank"]
    rank: int = Field(ge=1, description="width between the two", examples=[256])
    weighting: Literal["covariance", "plain"] = Field(
        default="covariance", description="least error on real features, or of the matrix alone"
    )


class Refit(_Pass):
    """Fits one temperature and a bias for each class on the calibration labels, into the last dense layer."""

    method: Literal["refit"]
    bias: bool = Field(default=False, description="fit a bias for each class too")


AnyPass = Annotated[
    PruneChannels
    | PruneWeights
    | FineTune
    | Distil
    | QuantisationAware
    | Equalise
    | Round
    | RoundHead
    | LowRank
    | Refit,
    Field(discriminator="method"),
]
"""One table of ``[[recipe]]``."""


def trains(step: AnyPass) -> bool:
    """Whether the pass needs ``[data.training]``."""
    return getattr(step, "training", None) is not None


def teaching_of(step: AnyPass) -> Teaching | None:
    """The teacher of a pass's training and its weight; None where labels alone teach."""
    if isinstance(step, Distil):
        return step
    found: Teaching | None = getattr(step, "teaching", None)
    return found


def with_teacher(step: AnyPass, teacher: str) -> AnyPass:
    """The pass with another name of its teacher."""
    if isinstance(step, Distil):
        return step.model_copy(update={"teacher": teacher})
    found = teaching_of(step)
    if found is None:
        return step
    return step.model_copy(update={"teaching": found.model_copy(update={"teacher": teacher})})


def calibrates(step: AnyPass) -> bool:
    """Whether the pass needs ``[data.calibration]``."""
    if isinstance(step, LowRank):
        return step.weighting == "covariance"
    if isinstance(step, PruneChannels):
        return step.by == "contribution"
    return isinstance(step, Equalise | Round | RoundHead | Refit)
