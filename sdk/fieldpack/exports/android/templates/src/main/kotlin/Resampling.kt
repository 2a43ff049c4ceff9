package @PACKAGE@

import kotlin.math.PI
import kotlin.math.abs
import kotlin.math.ceil
import kotlin.math.floor
import kotlin.math.max
import kotlin.math.min
import kotlin.math.sin
import kotlin.math.sqrt

private const val MOST_COEFFICIENTS = 8_000_000
private const val MOST_UP = 256

/**
 * A whole sound at another rate, by the contract's windowed sinc: sums in double precision, the result single.
 *
 * `half` is the right half of the filter from the bundle; it is computed where there is none.
 */
internal fun resample(
    samples: FloatArray,
    fromHz: Int,
    toHz: Int,
    resampler: Polyphase?,
    half: FloatArray?
): FloatArray {
    if (fromHz == toHz) {
        return samples
    }
    if (resampler == null) {
        throw InputException("a sound of $fromHz Hz would be resampled by soxr; give one of $toHz Hz")
    }
    if (fromHz < 1 || toHz > MOST_UP.toLong() * fromHz) {
        throw InputException("a sound cannot be resampled from $fromHz to $toHz Hz")
    }
    val common = greatestDivisor(fromHz, toHz)
    val up = toHz / common
    val down = fromHz / common
    return filtered(samples, up, down, half ?: halfFilter(up, down, resampler))
}

private fun greatestDivisor(one: Int, other: Int): Int = if (other == 0) one else greatestDivisor(other, one % other)

private fun filtered(samples: FloatArray, up: Int, down: Int, half: FloatArray): FloatArray {
    val count = (samples.size.toLong() * up + down - 1) / down
    val last = half.size - 1L
    return FloatArray(count.toInt()) { place ->
        val centre = place.toLong() * down
        val first = max(0L, ceil((centre - last).toDouble() / up).toLong())
        val end = min(samples.size - 1L, floor((centre + last).toDouble() / up).toLong())
        var sum = 0.0
        for (from in first..end) {
            sum += samples[from.toInt()].toDouble() * half[abs(centre - from * up).toInt()]
        }
        sum.toFloat()
    }
}

private fun halfFilter(up: Int, down: Int, rule: Polyphase): FloatArray {
    val cutoff = rule.rolloff * min(1.0, up.toDouble() / down)
    val reach = rule.zeroCrossings / cutoff
    val count = floor(reach * up) + 1
    if (2 * count > MOST_COEFFICIENTS) {
        throw InputException("the rates have the ratio $up / $down, whose filter would be huge")
    }
    val half = DoubleArray(count.toInt()) {
        val time = it.toDouble() / up
        val share = time / reach
        sinc(cutoff * time) * bessel(rule.kaiserBeta * sqrt(max(0.0, 1 - share * share)))
    }
    val sum = half.fold(0.0) { total, value -> total + value } * 2 - half[0]
    return FloatArray(half.size) { (half[it] * up / sum).toFloat() }
}

private fun sinc(x: Double): Double = if (x == 0.0) 1.0 else sin(PI * x) / (PI * x)

/** Modified Bessel function of the first kind and order 0, by its series. */
private fun bessel(x: Double): Double {
    var sum = 1.0
    var term = 1.0
    var order = 1
    while (term > sum * 1e-17) {
        term *= (x / (2 * order)) * (x / (2 * order))
        sum += term
        order += 1
    }
    return sum
}
