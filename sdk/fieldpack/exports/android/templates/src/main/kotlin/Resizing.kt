package @PACKAGE@

import kotlin.math.PI
import kotlin.math.abs
import kotlin.math.floor
import kotlin.math.max
import kotlin.math.min
import kotlin.math.sin

private const val PRECISION_BITS = 22

/** A filter: how far it reaches, and its weight at a distance. */
private class Filter(val support: Double, val weight: (Double) -> Double)

private fun filterOf(method: Resample): Filter = when (method) {
    Resample.BOX -> Filter(0.5) { if (it > -0.5 && it <= 0.5) 1.0 else 0.0 }
    Resample.BICUBIC -> Filter(2.0) { cubic(abs(it)) }
    Resample.LANCZOS -> Filter(3.0) { if (it >= -3 && it < 3) wave(it) * wave(it / 3) else 0.0 }
    else -> Filter(1.0) { max(0.0, 1 - abs(it)) }
}

private fun cubic(x: Double): Double {
    val a = -0.5
    if (x < 1) {
        return ((a + 2) * x - (a + 3)) * x * x + 1
    }
    return if (x < 2) (((x - 5) * x + 8) * x - 4) * a else 0.0
}

private fun wave(x: Double): Double = if (x == 0.0) 1.0 else sin(x * PI) / (x * PI)

/** The picture at another size, byte for byte as Pillow has it but for the bilinear without antialiasing. */
internal fun resized(pixels: Pixels, width: Int, height: Int, method: Resample): Pixels {
    if (method == Resample.BILINEAR_NO_ANTIALIAS) {
        return plainBilinear(pixels, width, height)
    }
    if (pixels.width == width && pixels.height == height) {
        return pixels
    }
    if (method == Resample.NEAREST) {
        return nearest(pixels, width, height)
    }
    val filter = filterOf(method)
    val across = { from: Pixels -> if (from.width == width) from else acrossResized(from, width, filter) }
    val down = { from: Pixels -> if (from.height == height) from else downResized(from, height, filter) }
    return if (downFirst(pixels, width, height)) across(down(pixels)) else down(across(pixels))
}

/** Whether the pass over columns comes first: where it shrinks twice as far, as in Pillow 13. */
private fun downFirst(pixels: Pixels, width: Int, height: Int): Boolean {
    val fewerRows = pixels.height - height
    return fewerRows > 0 && fewerRows > 2 * (pixels.width - width)
}

private class Taps(val start: Int, val weights: IntArray)

/** For every position along one axis the first pixel that counts, and weights in 2^-22. */
private fun taps(from: Int, to: Int, filter: Filter): List<Taps> {
    val scale = from.toDouble() / to
    val wide = max(scale, 1.0)
    val support = filter.support * wide
    return List(to) { position ->
        val centre = (position + 0.5) * scale
        val start = max(0, (centre - support + 0.5).toInt())
        val end = min(from, (centre + support + 0.5).toInt())
        val exact = DoubleArray(end - start) { filter.weight((it + start - centre + 0.5) * (1 / wide)) }
        val sum = exact.fold(0.0) { total, weight -> total + weight }
        Taps(start, IntArray(exact.size) { fixed(if (sum == 0.0) exact[it] else exact[it] / sum) })
    }
}

private fun fixed(weight: Double): Int =
    (weight * (1 shl PRECISION_BITS) + (if (weight < 0) -0.5 else 0.5)).toInt()

private fun byte(sum: Int): Byte = min(255, max(0, sum shr PRECISION_BITS)).toByte()

private fun acrossResized(pixels: Pixels, width: Int, filter: Filter): Pixels {
    val channels = pixels.channels
    val data = ByteArray(width * pixels.height * channels)
    taps(pixels.width, width, filter).forEachIndexed { x, found ->
        for (y in 0 until pixels.height) {
            for (channel in 0 until channels) {
                var sum = 1 shl PRECISION_BITS - 1
                var place = (y * pixels.width + found.start) * channels + channel
                for (weight in found.weights) {
                    sum += pixels.at(place) * weight
                    place += channels
                }
                data[(y * width + x) * channels + channel] = byte(sum)
            }
        }
    }
    return Pixels(width, pixels.height, channels, data)
}

private fun downResized(pixels: Pixels, height: Int, filter: Filter): Pixels {
    val row = pixels.width * pixels.channels
    val data = ByteArray(row * height)
    taps(pixels.height, height, filter).forEachIndexed { y, found ->
        for (column in 0 until row) {
            var sum = 1 shl PRECISION_BITS - 1
            var place = found.start * row + column
            for (weight in found.weights) {
                sum += pixels.at(place) * weight
                place += row
            }
            data[y * row + column] = byte(sum)
        }
    }
    return Pixels(pixels.width, height, pixels.channels, data)
}

/** The pixel that holds the centre of each new one; positions are summed, as Pillow does. */
private fun nearest(pixels: Pixels, width: Int, height: Int): Pixels {
    val columns = positions(pixels.width, width)
    val rows = positions(pixels.height, height)
    val channels = pixels.channels
    val data = ByteArray(width * height * channels) { place ->
        val column = columns[place / channels % width]
        pixels.data[(rows[place / channels / width] * pixels.width + column) * channels + place % channels]
    }
    return Pixels(width, height, channels, data)
}

private fun positions(from: Int, to: Int): IntArray {
    val step = from.toDouble() / to
    var place = step * 0.5
    return IntArray(to) { min(from - 1, place.toInt()).also { place += step } }
}

/** Both neighbours of every position along one axis, and the weight of the second. */
private class Neighbours(from: Int, to: Int) {
    private val places = DoubleArray(to) {
        min(max((it + 0.5) * (from.toDouble() / to) - 0.5, 0.0), (from - 1).toDouble())
    }
    val low = IntArray(to) { floor(places[it]).toInt() }
    val high = IntArray(to) { min(low[it] + 1, from - 1) }
    val share = FloatArray(to) { (places[it] - low[it]).toFloat() }
}

/** Bilinear without antialiasing, in single precision, rounded half up. */
private fun plainBilinear(pixels: Pixels, width: Int, height: Int): Pixels {
    val rows = Neighbours(pixels.height, height)
    val columns = Neighbours(pixels.width, width)
    val channels = pixels.channels
    fun between(x: Int, y: Int, channel: Int): Float {
        val upper = pixels.at((rows.low[y] * pixels.width + x) * channels + channel)
        val lower = pixels.at((rows.high[y] * pixels.width + x) * channels + channel)
        return upper.toFloat() + (lower - upper).toFloat() * rows.share[y]
    }
    val data = ByteArray(width * height * channels) { place ->
        val channel = place % channels
        val x = place / channels % width
        val y = place / channels / width
        val left = between(columns.low[x], y, channel)
        val right = between(columns.high[x], y, channel)
        floor(left + (right - left) * columns.share[x] + 0.5f).toInt().toByte()
    }
    return Pixels(width, height, channels, data)
}
