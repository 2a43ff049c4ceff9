"""Runs an ML Program operator by operator with torch, on any machine.

``plan`` binds the program, ``arithmetic`` fixes the numbers, ``exchange`` guards the border; this
module holds the public class. Every result is compared with the shape that the program declares
for it, so an operator that misreads the specification does not pass unseen. Figures made here
carry the evidence class ``reference``: no Apple software takes part.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from numpy.typing import NDArray

from fieldpack.coreml.arithmetic import Arithmetic, Precision
from fieldpack.coreml.engine import EngineKind
from fieldpack.coreml.exchange import give_output, take_inputs
from fieldpack.coreml.package import Package
from fieldpack.coreml.plan import make_plan
from fieldpack.coreml.state import State, States
from fieldpack.coreml.step import run_steps
from fieldpack.coreml.threads import thread_count
from fieldpack.errors import InputError

__all__ = ["Interpreter", "Precision"]


class Interpreter:
    """A package made ready to run: weights decoded, operations bound.

    Parameters
    ----------
    package : Package
        From ``open_package``.
    precision : Precision
        ``fp32`` (default) or ``fp16``; see ``arithmetic``.
    threads : int, optional
        Threads that torch uses during ``run``; its own setting otherwise. The setting is put back
        after every run.

    Raises
    ------
    MissingDependencyError
        torch is not installed.
    UnsupportedError
        The program uses an operator that is not there, or is no ML Program.
    ModelFileError
        The program contradicts itself.
    """

    kind = EngineKind.REFERENCE

    def __init__(
        self, package: Package, precision: Precision = Precision.FP32, threads: int | None = None
    ) -> None:
        self.package = package
        self.threads = threads
        self._arithmetic = Arithmetic(precision)
        with self._arithmetic.torch.inference_mode():
            self._plan = make_plan(package, self._arithmetic)

    @property
    def precision(self) -> Precision:
        """The arithmetic that runs."""
        return self._arithmetic.precision

    def make_state(self) -> States:
        """What a stateful program remembers, all zeros; empty for a program without state."""
        zeros = self._arithmetic.zeros
        return States({name: State(zeros(fact), fact.dtype) for name, fact in self._plan.states.items()})

    def run(self, inputs: Mapping[str, NDArray[Any]], state: States | None = None) -> dict[str, NDArray[Any]]:
        """Run the program once.

        Parameters
        ----------
        inputs : mapping of name to array
            One array per input feature; pictures as RGB ``[1, H, W, 3]``, 0..255 (see ``feature``).
        state : States, optional
            From ``make_state``; read and changed by the run. A stateful program needs one.

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
        values = self._execute(inputs, (), state)
        to_numpy = self._arithmetic.to_numpy
        return {f.name: give_output(f, to_numpy(values[f.name])) for f in self.package.outputs}

    def run_intermediates(
        self,
        inputs: Mapping[str, NDArray[Any]],
        names: Iterable[str] | None = None,
        state: States | None = None,
    ) -> dict[str, NDArray[Any]]:
        """Run the program once and return tensors by their name in the program.

        Parameters
        ----------
        inputs : mapping of name to array
            As for ``run``.
        names : iterable of str, optional
            Inputs, computed tensors or constants; every computed tensor where none are given, in
            program order.
        state : States, optional
            As for ``run``.

        Returns
        -------
        dict of name to array
            As computed: float16 tensors come as float32 arrays (already rounded under ``fp16``).

        Raises
        ------
        InputError
            As for ``run``, or a name that the program does not have.
        """
        wanted = self._plan.computed if names is None else list(names)
        strange = sorted(set(wanted) - self._plan.known)
        if strange:
            raise InputError(
                "The program has no such tensor",
                came=", ".join(strange),
                allowed=f"its {len(self._plan.known)} names",
                hint="leave names out to see all computed tensors",
            )
        values = self._execute(inputs, wanted, state)
        return {name: self._arithmetic.to_numpy(values[name]) for name in wanted}

    def _execute(
        self, inputs: Mapping[str, NDArray[Any]], keep: Iterable[str], state: States | None
    ) -> dict[str, Any]:
        kept = set(keep)
        with self._arithmetic.torch.inference_mode(), thread_count(self._arithmetic.torch, self.threads):
            values = {**self._plan.constants, **self._take(inputs), **self._remembered(state)}
            run_steps(self._plan.steps, values, self._arithmetic, kept)
        return values

    def _take(self, inputs: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
        """Checked inputs as tensors of the type that the program declares."""
        taken = take_inputs(self.package.inputs, inputs)
        from_numpy = self._arithmetic.torch.from_numpy
        return {
            name: self._arithmetic.settle(from_numpy(array), self._plan.inputs[name])
            for name, array in taken.items()
        }

    def _remembered(self, state: States | None) -> dict[str, State]:
        wanted = self._plan.states
        given = state.by_name if state else {}
        if set(given) != set(wanted):
            raise InputError(
                "The program remembers from run to run, and its state was not given"
                if wanted
                else "The program has no state",
                came=", ".join(given) or "none",
                allowed=", ".join(wanted) or "none",
                hint="state = interpreter.make_state(), then run(inputs, state)",
            )
        return given
