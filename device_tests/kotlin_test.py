"""Kotlin of ``fieldpack export --for android`` on a JVM: it compiles whole, and its own arithmetic test runs.

Debian's compiler (1.3, older than what apps use) takes all sources of a module for every kind of input at
once, with the names of Android, LiteRT and JUnit that they use as stand-ins; one more module has a planted
fault. What a phone does with it is not shown here.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from fieldpack.cli.main import main
from fieldpack.exports.testing import INPUTS, kind_bundle

PLANTED = "planted"
SOUND, BROKEN = "third / rule.highestM else", "third / 6574.0 else"
STAND_INS = {
    "org.junit": """
        annotation class Test
        object Assert {
            @JvmStatic fun assertEquals(what: String, expected: Any?, found: Any?) {
                if (expected != found) throw AssertionError("$what: $found, not $expected")
            }
            @JvmStatic fun assertEquals(expected: Any?, found: Any?) = assertEquals("", expected, found)
            @JvmStatic fun assertTrue(what: String, holds: Boolean) {
                if (!holds) throw AssertionError(what)
            }
        }""",
    "org.junit.runner": "annotation class RunWith(val value: kotlin.reflect.KClass<*>)",
    "androidx.test.ext.junit.runners": "class AndroidJUnit4",
    "androidx.test.platform.app": """
        class Instrumentation(
            val context: android.content.Context, val targetContext: android.content.Context)
        object InstrumentationRegistry {
            @JvmStatic fun getInstrumentation(): Instrumentation = throw UnsupportedOperationException()
        }""",
    "android.content": "abstract class Context { abstract val assets: android.content.res.AssetManager }",
    "android.content.res": """
        abstract class AssetFileDescriptor : java.io.Closeable {
            abstract val fileDescriptor: java.io.FileDescriptor
            abstract val startOffset: Long
            abstract val declaredLength: Long
        }
        abstract class AssetManager {
            abstract fun open(name: String): java.io.InputStream
            abstract fun openFd(name: String): AssetFileDescriptor
        }""",
    "android.graphics": """
        abstract class Bitmap {
            abstract val width: Int
            abstract val height: Int
            abstract fun getPixels(
                pixels: IntArray, offset: Int, stride: Int, x: Int, y: Int, width: Int, height: Int)
        }""",
    "org.tensorflow.lite": """
        class Interpreter(model: java.nio.ByteBuffer, options: Options) : AutoCloseable {
            class Options { fun setNumThreads(threads: Int): Options = this }
            fun run(input: Any, output: Any) = Unit
            fun runForMultipleInputsOutputs(inputs: Array<Any?>, outputs: Map<Int, Any>) = Unit
            override fun close() = Unit
        }""",
}
"""Package -> what generated sources use of it."""
RUNNER = """
package {package}
fun main() {{
    MathsTest().inputsAreThoseOfTheReference()
    MathsTest().scoresAreThoseOfTheReference()
    println("agrees")
}}
"""
PATIENCE_S = 180.0


Ended = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def modules(kotlin_jars: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ended]:
    """What the arithmetic test of every module said, by kind of input."""
    folder = tmp_path_factory.mktemp("kotlin")
    projects = {kind: exported(folder, kind, kind) for kind in INPUTS}
    projects[PLANTED] = exported(folder, "location", PLANTED)
    broken = projects[PLANTED] / "src/main/kotlin/Places.kt"
    text = broken.read_text(encoding="utf-8")
    assert text.count(SOUND) == 1
    broken.write_text(text.replace(SOUND, BROKEN), encoding="utf-8")
    classes = compiled(kotlin_jars, folder, projects.values())
    return {
        name: java([classes, *kotlin_jars.glob("kotlin-stdlib*.jar")], [f"{package(name)}.MainKt"], project)
        for name, project in projects.items()
    }


def package(name: str) -> str:
    return f"org.fieldpack.{name}"


def exported(folder: Path, kind: str, name: str) -> Path:
    """A module of a kind of input, with a main function that runs its test."""
    bundle, out = kind_bundle(folder / f"{name}.bundle", kind), folder / name
    words = ["--for", "android", "--android-package", package(name)]
    assert main(["export", str(bundle), *words, "--out", str(out)]) == 0
    (out / "src/test/kotlin/Main.kt").write_text(RUNNER.format(package=package(name)), encoding="utf-8")
    return out


def compiled(jars: Path, folder: Path, projects: Iterable[Path]) -> Path:
    """The folder of classes of all modules and the stand-ins."""
    for name, text in STAND_INS.items():
        (folder / f"{name}.kt").write_text(f"package {name}\n{text}\n", encoding="utf-8")
    sources = [*folder.glob("*.kt"), *(path for project in projects for path in _sources(project))]
    classes, library = folder / "classes", joined(jars.glob("kotlin-stdlib*.jar"))
    words = ["-no-stdlib", "-no-reflect", "-nowarn", "-cp", library, "-d", str(classes)]
    compiler = ["org.jetbrains.kotlin.cli.jvm.K2JVMCompiler", *words, *map(str, sources)]
    told = java(jars.glob("*.jar"), compiler, folder)
    assert told.returncode == 0, told.stderr[-3000:]
    return classes


def _sources(project: Path) -> list[Path]:
    """All of the first module; what is the same beside Android is left out of the others."""
    found = sorted(project.rglob("*.kt"))
    whole = project.name == next(iter(INPUTS))
    return [path for path in found if whole or path.name not in ("PhoneModel.kt", "GoldenTest.kt")]


def joined(paths: Iterable[Path]) -> str:
    return ":".join(map(str, sorted(paths)))


def java(path: Iterable[Path], words: Sequence[str], folder: Path) -> Ended:
    """A program on the JVM that ended."""
    command = ["java", "-Xmx1G", "-cp", joined(path), *words]
    return subprocess.run(
        command, cwd=folder, check=False, capture_output=True, text=True, timeout=PATIENCE_S
    )


@pytest.mark.parametrize("kind", INPUTS)
def test_the_arithmetic_is_that_of_the_reference(modules: dict[str, Ended], kind: str) -> None:
    assert modules[kind].stdout == "agrees\n", modules[kind].stderr


def test_a_planted_fault_is_seen(modules: dict[str, Ended]) -> None:
    assert modules[PLANTED].returncode != 0
    assert "AssertionError: input 0" in modules[PLANTED].stderr
