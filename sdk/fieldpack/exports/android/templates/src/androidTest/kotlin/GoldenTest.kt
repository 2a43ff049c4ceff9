package @PACKAGE@

import androidx.test.ext.junit.runners.AndroidJUnit4
import androidx.test.platform.app.InstrumentationRegistry
import kotlin.math.abs
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith

private const val COUNT = @GOLDEN_COUNT@
private val TOLERANCES = doubleArrayOf(@TOLERANCES@)

/** Runs golden vectors of the bundle on the phone; each number lies within the tolerance of the build. */
@RunWith(AndroidJUnit4::class)
class GoldenTest {
    private val instrumentation = InstrumentationRegistry.getInstrumentation()

    @Test
    fun theModelAnswersAsItDidWhenItWasBuilt() {
        val inputs = Facts.inputBorders.indices.map { examples("input-$it") }
        val expected = Facts.outputBorders.indices.map { examples("output-$it") }
        PhoneModel(instrumentation.targetContext).use { model ->
            for (example in 0 until COUNT) {
                val found = model.values(inputs.map { it[example] })
                found.forEachIndexed { output, values -> near(output, expected[output][example], values) }
            }
        }
    }

    private fun near(output: Int, expected: FloatArray, found: FloatArray) {
        assertEquals(expected.size, found.size)
        for (place in expected.indices) {
            val difference = abs(found[place] - expected[place]).toDouble()
            assertTrue("output $output, number $place: off by $difference", difference <= TOLERANCES[output])
        }
    }

    private fun examples(name: String): List<FloatArray> {
        val content = instrumentation.context.assets.open("golden/$name.f32").use { it.readBytes() }
        val numbers = reals(content)
        val size = numbers.size / COUNT
        return List(COUNT) { numbers.copyOfRange(it * size, (it + 1) * size) }
    }
}
