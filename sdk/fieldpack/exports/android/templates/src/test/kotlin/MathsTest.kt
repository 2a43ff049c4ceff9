package @PACKAGE@

import java.io.File
import java.nio.ByteBuffer
import java.nio.ByteOrder
import kotlin.math.abs
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test

private const val ASSETS = "src/main/assets"
private const val CASES = "src/test/resources/maths"

/** Holds preprocessing and post-processing against what the Python reference answered when this was written. */
class MathsTest {
    private val read: Reader = { File("$ASSETS/${Facts.FOLDER}/$it").readBytes() }
    private val filters = Facts.filters.map { readFilters(it, read) }

    @Test
    fun inputsAreThoseOfTheReference() {
        for (input in Facts.inputBorders.indices) {
            for (case in cases("input-$input/source")) {
                val windows = prepare(input, array("input-$input/source-$case"))
                val all = windows.flatMap { it.toList() }
                near("input $input, case $case", singles("input-$input/prepared-$case"), all.map { it.toDouble() })
                if (case == 0) {
                    val border = Facts.frontEnds[input]?.input ?: Facts.inputBorders[input]
                    val stored = stored(border, windows[0]).map { it.toDouble() }
                    near("tensor of input $input", singles("input-$input/stored-0"), stored)
                }
            }
        }
    }

    @Test
    fun scoresAreThoseOfTheReference() {
        for (output in Facts.outputs.indices) {
            val words = readWords(Facts.words[output], read)
            for (case in cases("output-$output/values")) {
                val answer = Answer(Facts.outputs[output], array("output-$output/values-$case"), words)
                assertEquals(words.labels.size, answer.scores.size)
                near("output $output", array("output-$output/scores-$case"), answer.scores.toList())
                if (File("$CASES/output-$output/rolled-$case.f64").exists()) {
                    val rolled = rollUp(words.taxa, answer.scores)
                    near("rollup of $output", array("output-$output/rolled-$case"), rolled.toList())
                }
            }
        }
    }

    private fun prepare(input: Int, numbers: DoubleArray): List<FloatArray> = when (input) {
@CASES@
        else -> throw IllegalArgumentException("no input $input")
    }

    private fun cases(name: String): List<Int> =
        generateSequence(0) { it + 1 }.takeWhile { File("$CASES/$name-$it.f64").exists() }.toList()

    private fun array(name: String): DoubleArray {
        val content = File("$CASES/$name.f64").readBytes()
        val values = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN).asDoubleBuffer()
        return DoubleArray(values.remaining()).also { values.get(it) }
    }

    private fun singles(name: String): DoubleArray {
        val found = reals(File("$CASES/$name.f32").readBytes())
        return DoubleArray(found.size) { found[it].toDouble() }
    }

    private fun near(what: String, expected: DoubleArray, found: List<Double>) {
        assertEquals(what, expected.size, found.size)
        for (place in expected.indices) {
            val same = expected[place].isNaN() && found[place].isNaN()
            val bound = 1e-6 * (1 + abs(expected[place]))
            assertTrue("$what, number $place", same || abs(found[place] - expected[place]) <= bound)
        }
    }
}

private fun slice(numbers: DoubleArray, from: Int, size: Int): DoubleArray = numbers.copyOfRange(from, from + size)

internal fun pictureOf(numbers: DoubleArray): Pixels {
    val data = ByteArray(numbers.size - 2) { numbers[it + 2].toInt().toByte() }
    return Pixels(numbers[0].toInt(), numbers[1].toInt(), 3, data)
}

internal fun recordingOf(numbers: DoubleArray): Recording {
    val size = numbers[2].toInt()
    val channels = List(numbers[1].toInt()) { channel ->
        FloatArray(size) { numbers[3 + channel * size + it].toFloat() }
    }
    return Recording(numbers[0].toInt(), channels)
}

internal fun placeOf(numbers: DoubleArray): Place {
    val elevation = if (numbers[2].isNaN()) null else numbers[2]
    val week = if (numbers[3] < 0) null else numbers[3].toInt()
    return Place(numbers[0], numbers[1], elevation, week, slice(numbers, 4, numbers.size - 4))
}

/** A tile begins with the number of its bands. */
internal fun tileOf(numbers: DoubleArray): Tile {
    val bands = numbers[0].toInt()
    val size = (numbers.size - 1) / bands
    return Tile(List(bands) { slice(numbers, 1 + it * size, size) })
}

internal fun numbersOf(numbers: DoubleArray): FloatArray = FloatArray(numbers.size) { numbers[it].toFloat() }
