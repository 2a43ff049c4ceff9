"""The runner where no compiler is: the calls of ``runner.c`` through ctypes, with the same answer.

Started as a program, with the same arguments. The answer says ``runner: python``; each inference holds some
microseconds of Python more.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import resource
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

from fieldpack_benchmarks.targets.protocol import MOST_RUNS, SCHEMA, SENTINEL, STAGE, fnv64
from fieldpack_benchmarks.targets.small_models import SELF_TEST_ANSWER, SELF_TEST_INPUT

CPU, READ, WRITE, FLOAT32 = 1, 0, 1, 1
TYPE_BYTES, ROOM = 72, 256
UNTOUCHED = 0xA5
libc_free = ctypes.CDLL(None).free
strdup = ctypes.CDLL(None).strdup
strdup.restype = ctypes.c_void_p


class Refused(Exception):  # noqa: N818  an answer, not an error of the program
    """The runner says why it stops."""


class TensorType(ctypes.Structure):
    """LiteRT's ranked tensor type, with room behind it to see whether it is longer."""

    _fields_ = (
        ("element", ctypes.c_int32),
        ("rank", ctypes.c_uint32),
        ("dims", ctypes.c_int32 * 8),
        ("strides", ctypes.c_uint32 * 8),
        ("room", ctypes.c_uint8 * (ROOM - TYPE_BYTES)),
    )

    def shape(self) -> tuple[int, ...]:
        """Its sizes; the rank has seven bits."""
        return tuple(self.dims[: self.rank & 0x7F])


class Library:
    """LiteRT's functions, each refusing a status other than 0."""

    def __init__(self, path: str) -> None:
        try:
            self._library = ctypes.CDLL(path)
        except OSError as error:
            raise Refused(str(error)) from error
        self.environment = self.handle("CreateEnvironment", 0, None)

    def call(self, name: str, *arguments: Any) -> None:
        """Call a function."""
        try:
            function = getattr(self._library, f"LiteRt{name}")
        except AttributeError as error:
            raise Refused(f"the library has no LiteRt{name}") from error
        status = function(*arguments)
        if status != 0:
            raise Refused(f"LiteRt{name} failed with status {status}")

    def handle(self, name: str, *arguments: Any) -> ctypes.c_void_p:
        """Call a function whose last argument gives a handle."""
        made = ctypes.c_void_p()
        self.call(name, *arguments, ctypes.byref(made))
        return made

    def number(self, name: str, *arguments: Any) -> int:
        """Call a function whose last argument gives a size."""
        made = ctypes.c_size_t()
        self.call(name, *arguments, ctypes.byref(made))
        return made.value


class Model:
    """A loaded model with its buffers."""

    def __init__(self, library: Library, path: str, threads: int, watched: bool) -> None:
        self._library = library
        model = library.handle("CreateModelFromFile", library.environment, path.encode())
        options = library.handle("CreateOptions")
        library.call("SetOptionsHardwareAccelerators", options, CPU)
        self._option(options, b"xnnpack", f"num_threads = {threads}\n".encode())
        if watched:
            self._option(options, b"runtime_options_string", b"enable_profiling = true\n")
        self.compiled = library.handle("CreateCompiledModel", library.environment, model, options)
        signature = library.handle("GetModelSignature", model, ctypes.c_size_t(0))
        self.types: list[TensorType] = []
        self.inputs = self._buffers(signature, "Input")
        self.types.clear()
        self.outputs = self._buffers(signature, "Output")
        self._in = (ctypes.c_void_p * len(self.inputs))(*(item.value for item in self.inputs))
        self._out = (ctypes.c_void_p * len(self.outputs))(*(item.value for item in self.outputs))

    def _option(self, options: ctypes.c_void_p, kind: bytes, text: bytes) -> None:
        copy = ctypes.c_void_p(strdup(text))
        self._library.call(
            "AddOpaqueOptions",
            options,
            self._library.handle("CreateOpaqueOptions", kind, copy, ctypes.cast(libc_free, ctypes.c_void_p)),
        )

    def _buffers(self, signature: ctypes.c_void_p, which: str) -> list[ctypes.c_void_p]:
        count = self._library.number(f"GetNumSignature{which}s", signature)
        return [self._buffer(signature, which, index) for index in range(count)]

    def _buffer(self, signature: ctypes.c_void_p, which: str, index: int) -> ctypes.c_void_p:
        at, first = ctypes.c_size_t(index), ctypes.c_size_t(0)
        tensor = self._library.handle(f"GetSignature{which}TensorByIndex", signature, at)
        made = TensorType()
        ctypes.memset(ctypes.byref(made), UNTOUCHED, ROOM)
        self._library.call("GetRankedTensorType", tensor, ctypes.byref(made))
        if any(byte != UNTOUCHED for byte in made.room):
            raise Refused("the library writes tensor types of another size")
        for axis, size in enumerate(made.shape()):
            made.dims[axis] = 1 if size < 0 else size  # a batch of any size
        self.types.append(made)
        needs = self._library.handle(f"GetCompiledModel{which}BufferRequirements", self.compiled, first, at)
        return self._library.handle(
            "CreateManagedTensorBufferFromRequirements",
            self._library.environment,
            ctypes.byref(made),
            needs,
        )

    def fill(self, index: int, content: bytes) -> None:
        """Set an input."""
        size = self._library.number("GetTensorBufferPackedSize", self.inputs[index])
        if size != len(content):
            raise Refused(f"an input of {len(content)} bytes, the model takes {size}")
        memory = ctypes.c_void_p()
        self._library.call("LockTensorBuffer", self.inputs[index], ctypes.byref(memory), WRITE)
        ctypes.memmove(memory, content, size)
        self._library.call("UnlockTensorBuffer", self.inputs[index])

    def run(self) -> None:
        """One inference."""
        self._library.call(
            "RunCompiledModel",
            self.compiled,
            ctypes.c_size_t(0),
            ctypes.c_size_t(len(self.inputs)),
            self._in,
            ctypes.c_size_t(len(self.outputs)),
            self._out,
        )

    def answers(self) -> list[bytes]:
        """The outputs' bytes."""
        found = []
        for buffer in self.outputs:
            memory, size = ctypes.c_void_p(), self._library.number("GetTensorBufferPackedSize", buffer)
            self._library.call("LockTensorBuffer", buffer, ctypes.byref(memory), READ)
            found.append(ctypes.string_at(memory, size))
            self._library.call("UnlockTensorBuffer", buffer)
        return found

    def accelerated(self) -> bool:
        """Whether XNNPACK runs every operator."""
        made = ctypes.c_bool()
        self._library.call("CompiledModelIsFullyAccelerated", self.compiled, ctypes.byref(made))
        return made.value

    def watched_run(self) -> str:
        """LiteRT's table of operators of one inference."""
        self.run()
        profiler = self._library.handle("CompiledModelGetProfiler", self.compiled)
        self._library.call("StartProfiler", profiler)
        self.run()
        self._library.call("StopProfiler", profiler)
        text = self._library.handle("GetProfileSummary", profiler, self.compiled)
        return ctypes.string_at(text.value or 0).decode(errors="replace")


class Run:
    """One run of the program.

    Attributes
    ----------
    stage : str
        Where it is, for an answer that says why it stops.
    """

    def __init__(self, given: argparse.Namespace) -> None:
        self.given, self.stage = given, "arguments"

    def answer(self) -> dict[str, Any]:
        """What the program answers.

        Raises
        ------
        Refused
            It cannot run; ``stage`` says where.
        """
        self._enter("library")
        library = Library(self.given.library)
        self._enter("self_test")
        self._self_test(library)
        started = time.monotonic_ns()
        self._enter("load")
        model = Model(library, self.given.model, self.given.threads, watched=False)
        init = time.monotonic_ns() - started
        self._fill(model)
        self._enter("warm_up")
        warm_ups = [self._timed(model)[0] for _ in range(self.given.warmup)]
        first = model.answers()
        self._enter("samples")
        wall, cpu = self._samples(model)
        ended = time.monotonic_ns()
        self._enter("outputs")
        outputs = model.answers()
        self._keep(outputs)
        found = {
            "schema": SCHEMA, "runner": "python", "threads": self.given.threads, "init_ns": init,
            "started_ns": started, "ended_ns": ended, "warm_up_ns": warm_ups, "wall_ns": wall, "cpu_ns": cpu,
            "peak_kib": _peak_kib(), "max_rss_kib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
            "fully_accelerated": model.accelerated(), "repeats": outputs == first,
            "outputs": [
                {"element": made.element, "fnv64": fnv64(content), "dims": list(made.shape())}
                for made, content in zip(model.types, outputs, strict=True)
            ],
        }  # fmt: skip
        if self.given.profile:
            self._enter("profile")
            watched = Model(library, self.given.model, self.given.threads, watched=True)
            self._fill(watched)
            found["profile"] = watched.watched_run()
        return found

    def _enter(self, stage: str) -> None:
        self.stage = stage
        sys.stderr.write(f"{STAGE}{stage}\n")

    def _self_test(self, library: Library) -> None:
        model = Model(library, self.given.self_test, 1, watched=False)
        (made,) = model.types
        if made.element != FLOAT32 or made.shape() != (1, len(SELF_TEST_ANSWER)):
            raise Refused("the library says tensor types differently")
        model.fill(0, bytes((ctypes.c_float * len(SELF_TEST_INPUT))(*SELF_TEST_INPUT)))
        model.run()
        if model.answers() != [bytes((ctypes.c_float * len(SELF_TEST_ANSWER))(*SELF_TEST_ANSWER))]:
            raise Refused("the library's answer is not the known one")

    def _fill(self, model: Model) -> None:
        self._enter("inputs")
        if len(self.given.input) != len(model.inputs):
            raise Refused(f"{len(self.given.input)} input files, the model takes {len(model.inputs)}")
        for index, path in enumerate(self.given.input):
            try:
                model.fill(index, Path(path).read_bytes())
            except OSError as error:
                raise Refused(f"{path}: {error.strerror}") from error

    def _timed(self, model: Model) -> tuple[int, int]:
        cpu, wall = time.process_time_ns(), time.monotonic_ns()
        model.run()
        return time.monotonic_ns() - wall, time.process_time_ns() - cpu

    def _samples(self, model: Model) -> tuple[list[int], list[int]]:
        wall: list[int] = []
        cpu: list[int] = []
        begun, elapsed = time.monotonic(), 0.0
        while len(wall) < MOST_RUNS and (not wall or elapsed < self.given.max_seconds):
            if len(wall) >= self.given.samples and elapsed >= self.given.min_seconds:
                break
            one = self._timed(model)
            wall.append(one[0])
            cpu.append(one[1])
            elapsed = time.monotonic() - begun
        return wall, cpu

    def _keep(self, outputs: list[bytes]) -> None:
        if self.given.output_dir is None:
            return
        for index, content in enumerate(outputs):
            path = Path(self.given.output_dir) / f"output-{index}.bin"
            try:
                path.write_bytes(content)
            except OSError as error:
                raise Refused(f"{path}: {error.strerror}") from error


def _peak_kib() -> int:
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return -1
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), -1)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="in_python", allow_abbrev=False)
    for name in ("--model", "--library", "--self-test"):
        parser.add_argument(name, required=True)
    parser.add_argument("--input", action="append", default=[])
    parser.add_argument("--output-dir")
    for name, default in (("--threads", 1), ("--warmup", 2), ("--samples", 1)):
        parser.add_argument(name, type=int, default=default)
    for name, seconds in (("--min-seconds", 0.0), ("--max-seconds", 60.0)):
        parser.add_argument(name, type=float, default=seconds)
    parser.add_argument("--profile", action="store_true")
    return parser.parse_args()


def main() -> NoReturn:
    """Run, answer, and end with 0, or with 1 and the reason."""
    run = Run(_arguments())
    try:
        answer = run.answer()
    except Refused as error:
        answer = {
            "schema": SCHEMA,
            "runner": "python",
            "error": {"stage": run.stage, "message": str(error)},
        }
    line = json.dumps(answer, separators=(",", ":"))
    sys.stdout.write(f"{line}\n{SENTINEL} {len(line)}\n")
    sys.exit(1 if "error" in answer else 0)


if __name__ == "__main__":
    main()
