package @PACKAGE@

import kotlin.math.floor
import kotlin.math.max
import kotlin.math.min

private const val WHITE = 255

/** Pixels row by row, `channels` bytes each, 0..255. */
class Pixels(val width: Int, val height: Int, val channels: Int, val data: ByteArray) {
    init {
        if (width < 1 || height < 1 || data.size != width * height * channels) {
            throw InputException("${data.size} bytes are no picture of $width by $height pixels")
        }
    }

    internal fun at(place: Int): Int = data[place].toInt() and 0xff

    companion object {
        /** RGB of 32-bit colours, alpha first and not premultiplied; transparency is laid on white. */
        fun fromArgb(width: Int, height: Int, colors: IntArray): Pixels {
            val data = ByteArray(width * height * 3)
            for (place in 0 until width * height) {
                val color = colors[place]
                val alpha = color ushr 24
                for (channel in 0 until 3) {
                    val value = color shr (16 - 8 * channel) and 0xff
                    data[place * 3 + channel] = overWhite(value, alpha).toByte()
                }
            }
            return Pixels(width, height, 3, data)
        }
    }
}

private fun overWhite(value: Int, alpha: Int): Int {
    if (alpha == 255) {
        return value
    }
    val sum = (value * alpha + WHITE * (255 - alpha) shl 7) + (0x80 shl 7)
    return (sum shr 8) + sum shr 8 shr 7
}

/** The pixels of the contract: colour order, crop, resize, padding; of an upright RGB picture of any size. */
fun prepareImage(picture: Pixels, rule: ImageRule): Pixels {
    if (picture.channels != 3) {
        throw InputException("a picture has ${picture.channels} channels; give RGB")
    }
    val colored = if (rule.colorOrder == ColorOrder.GRAY) gray(picture) else picture
    val fit = rule.fit
    val sized = when (fit) {
        is Pad -> padded(colored, rule, fit.value)
        is CenterCrop -> resized(centre(colored, rule, fit.fraction), rule.width, rule.height, rule.method)
        is Stretch -> resized(colored, rule.width, rule.height, rule.method)
    }
    return if (rule.colorOrder == ColorOrder.BGR) swapped(sized) else sized
}

/** Pixels as the numbers 0..255. */
fun numbers(pixels: Pixels): FloatArray = FloatArray(pixels.data.size) { pixels.at(it).toFloat() }

private fun gray(pixels: Pixels): Pixels {
    val data = ByteArray(pixels.width * pixels.height)
    for (place in data.indices) {
        val sum = pixels.at(place * 3) * 19595 + pixels.at(place * 3 + 1) * 38470 + pixels.at(place * 3 + 2) * 7471
        data[place] = (sum + 0x8000 shr 16).toByte()
    }
    return Pixels(pixels.width, pixels.height, 1, data)
}

private fun swapped(pixels: Pixels): Pixels {
    val data = ByteArray(pixels.data.size) { pixels.data[it + 2 - 2 * (it % 3)] }
    return Pixels(pixels.width, pixels.height, 3, data)
}

private fun rounded(value: Double): Int = max(1, floor(value + 0.5).toInt())

private fun centre(picture: Pixels, rule: ImageRule, fraction: Double): Pixels {
    val across = picture.width.toDouble() / rule.width
    val down = picture.height.toDouble() / rule.height
    val scale = min(across, down) * fraction
    val width = min(picture.width, rounded(rule.width * scale))
    val height = min(picture.height, rounded(rule.height * scale))
    return cropped(picture, (picture.width - width) / 2, (picture.height - height) / 2, width, height)
}

private fun cropped(picture: Pixels, left: Int, top: Int, width: Int, height: Int): Pixels {
    val row = width * picture.channels
    val data = ByteArray(row * height)
    for (y in 0 until height) {
        val from = ((top + y) * picture.width + left) * picture.channels
        System.arraycopy(picture.data, from, data, y * row, row)
    }
    return Pixels(width, height, picture.channels, data)
}

private fun padded(picture: Pixels, rule: ImageRule, value: Int): Pixels {
    val scale = min(rule.width.toDouble() / picture.width, rule.height.toDouble() / picture.height)
    val width = min(rule.width, rounded(picture.width * scale))
    val height = min(rule.height, rounded(picture.height * scale))
    val inner = resized(picture, width, height, rule.method)
    val channels = inner.channels
    val data = ByteArray(rule.width * rule.height * channels) { value.toByte() }
    val left = (rule.width - width) / 2
    val top = (rule.height - height) / 2
    for (y in 0 until height) {
        val to = ((top + y) * rule.width + left) * channels
        System.arraycopy(inner.data, y * width * channels, data, to, width * channels)
    }
    return Pixels(rule.width, rule.height, channels, data)
}
