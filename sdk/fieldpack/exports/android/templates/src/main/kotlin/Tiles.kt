package @PACKAGE@

import kotlin.math.max
import kotlin.math.min

/** The numbers of one tile as measured, band by band, rows of each; `masked` tells pixels without data. */
class Tile(val bands: List<DoubleArray>, val masked: BooleanArray? = null)

/** Clip, scale and fill a tile: rows, columns, channels. */
fun prepareTile(tile: Tile, rule: TileRule): FloatArray {
    val pixels = rule.width * rule.height
    if (tile.bands.size != rule.bands.size || tile.bands.any { it.size != pixels }) {
        throw InputException("a tile has ${rule.bands.size} bands of ${rule.height} rows and ${rule.width} columns")
    }
    val channels = rule.bands.size + (if (rule.mask == MaskChannel.NONE) 0 else 1)
    val made = FloatArray(pixels * channels)
    for (pixel in 0 until pixels) {
        val missing = missing(tile, rule, pixel)
        rule.bands.forEachIndexed { channel, band ->
            val value = min(max(tile.bands[channel][pixel], band.low), band.high) * band.scale + band.offset
            made[pixel * channels + channel] = (if (missing) rule.fill else value).toFloat()
        }
        if (rule.mask != MaskChannel.NONE) {
            val one = missing == (rule.mask == MaskChannel.MISSING_IS_1)
            made[pixel * channels + channels - 1] = if (one) 1f else 0f
        }
    }
    return made
}

private fun missing(tile: Tile, rule: TileRule, pixel: Int): Boolean =
    tile.masked?.get(pixel) == true || tile.bands.any {
        it[pixel].isNaN() || it[pixel].isInfinite() || it[pixel] == rule.noData
    }

/** A plain array, held against its size and range. */
fun checkedNumbers(values: FloatArray, rule: NumbersRule): FloatArray {
    if (values.size != rule.size || values.any { !(it >= rule.low && it <= rule.high) }) {
        throw InputException("the array has ${rule.size} numbers from ${rule.low} to ${rule.high}")
    }
    return values
}
