"""A Keras network in training: AdamW on all layers, and a moving average of the weights beside them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack_reference_models.learning.checkpoint import State

Real = NDArray[np.float32]


class KerasLearner:
    """A model of :func:`network.build` in training; see :class:`~..learning.loop.Learner`.

    Parameters
    ----------
    model : keras.Model
        Holds the start weights; its layers ``features`` and ``logits`` are used by name.
    weight_decay : float
        Of AdamW; biases are left out.
    average : float
        Weight of the past in the moving average, a step.
    """

    def __init__(self, model: Any, weight_decay: float, average: float) -> None:
        import keras
        import tensorflow as tf

        self.model, self.averaged = model, keras.models.clone_model(model)
        self._features = keras.Model(model.input, model.get_layer("features").output)
        self._logits = keras.Model(model.input, model.get_layer("logits").output)
        self._optimiser = keras.optimizers.AdamW(1e-3, weight_decay=weight_decay, global_clipnorm=1.0)
        self._optimiser.exclude_from_weight_decay(var_names=["bias"])
        self._optimiser.build(model.trainable_variables)
        self._average = average
        self._compiled = tf.function(self._step, jit_compile=False)
        self.averaged.set_weights(model.get_weights())

    @property
    def parameters(self) -> int:
        """Number of weights."""
        return int(self.model.count_params())

    def features(self, inputs: Real) -> Real:
        """What the head sees, float32 [N, F]."""
        return np.asarray(self._features(inputs, training=False))

    def set_head(self, kernel: Real, bias: Real) -> None:
        """Set the layer ``logits`` of both models."""
        self.model.get_layer("logits").set_weights([kernel, bias])
        self.averaged.set_weights(self.model.get_weights())

    def step(self, inputs: Real, targets: Real, rate: float) -> float:
        """One step of AdamW; returns the loss before it."""
        self._optimiser.learning_rate = rate
        return float(self._compiled(inputs, targets))

    def _step(self, inputs: Any, targets: Any) -> Any:
        import tensorflow as tf

        variables = self.model.trainable_variables
        with tf.GradientTape() as tape:
            scores = self._logits(inputs, training=True)
            loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(targets, scores))
        self._optimiser.apply(tape.gradient(loss, variables), variables)
        for kept, current in zip(self.averaged.trainable_variables, variables, strict=True):
            kept.assign(kept * self._average + current * (1 - self._average))
        return loss

    def predict(self, inputs: Real) -> Real:
        """Shares [N, classes] by the averaged weights."""
        return np.asarray(self.averaged(inputs, training=False))

    def state(self) -> State:
        """Weights, their average and the optimiser's variables, by position."""
        return {
            f"{part}.{index:04d}": np.array(variable)
            for part, variables in self._parts().items()
            for index, variable in enumerate(variables)
        }

    def restore(self, state: State) -> None:
        """Go on from :meth:`state`."""
        for part, variables in self._parts().items():
            for index, variable in enumerate(variables):
                variable.assign(state[f"{part}.{index:04d}"])

    def _parts(self) -> dict[str, list[Any]]:
        return {
            "weights": self.model.variables,
            "average": self.averaged.variables,
            "optimiser": self._optimiser.variables,
        }
