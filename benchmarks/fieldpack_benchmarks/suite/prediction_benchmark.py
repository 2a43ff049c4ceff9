"""A prediction beside bare LiteRT, and opening what it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fieldpack.bundle.read import Bundle, open_bundle
from fieldpack.predict import Predictor
from fieldpack_benchmarks.studies.target_bundles import FLAVOUR, PLACE, bundle_of
from fieldpack_benchmarks.targets.small_models import small_network
from fieldpack_benchmarks.timing import interleaved, ratio

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

WIDTH, ROUNDS, WARM_UPS = 256, 200, 20


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of a network that takes about a quarter of a millisecond."""
    model = small_network(quantised=False, width=WIDTH)
    return bundle_of(model, tmp_path_factory.mktemp("bundle") / "small.fieldpack")


@pytest.fixture(scope="module")
def bundle(path: Path) -> Iterator[Bundle]:
    with open_bundle(path) as opened:
        yield opened


@pytest.fixture
def ours(bundle: Bundle) -> Callable[[], object]:
    """A prediction of an array by the library."""
    predictor, (name, values) = Predictor(bundle), _example(bundle)
    return lambda: predictor.run({name: values})


@pytest.fixture
def bare(bundle: Bundle) -> Callable[[], object]:
    """The same by LiteRT alone."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(bundle.path(PLACE)), num_threads=1)
    interpreter.allocate_tensors()
    given = interpreter.get_input_details()[0]["index"]
    answer = interpreter.get_output_details()[0]["index"]
    values = _example(bundle)[1]

    def predicted() -> object:
        interpreter.set_tensor(given, values)
        interpreter.invoke()
        return interpreter.get_tensor(answer)

    return predicted


@pytest.mark.benchmark(group="prediction")
def test_predictor(
    benchmark: BenchmarkFixture, ours: Callable[[], object], bare: Callable[[], object]
) -> None:
    benchmark(ours)
    if benchmark.enabled:
        times = interleaved({"ours": ours, "bare": bare}, ROUNDS, WARM_UPS)
        found = ratio(times["ours"], times["bare"])
        benchmark.extra_info["ratio_to_bare_litert"] = [found.low, found.estimate, found.high]


@pytest.mark.benchmark(group="prediction")
def test_bare_litert(benchmark: BenchmarkFixture, bare: Callable[[], object]) -> None:
    benchmark(bare)


@pytest.mark.benchmark(group="opening")
def test_open_bundle(benchmark: BenchmarkFixture, path: Path) -> None:
    def opened() -> str:
        with open_bundle(path) as found:
            return found.digest

    benchmark(opened)


@pytest.mark.benchmark(group="opening")
def test_open_predictor(benchmark: BenchmarkFixture, bundle: Bundle) -> None:
    benchmark(Predictor, bundle, FLAVOUR)


def _example(bundle: Bundle) -> tuple[str, Any]:
    """Name and values [1, 32, 32, 3] of the first golden vector."""
    (item,) = bundle.golden_inputs().items()
    return item[0], item[1][:1]
