package @PACKAGE@

import kotlin.math.PI
import kotlin.math.abs
import kotlin.math.cos
import kotlin.math.sin

private val OCTAVES = intArrayOf(1, 2, 4, 8)
private const val WEEKS = 48
private const val NO_WEEK = -1
private const val DEGREES_A_WEEK = 7.5
private const val HIGHEST_PLACE_M = 9000.0

/**
 * A place on the earth, WGS 84; latitude before longitude.
 *
 * `elevationM` is null where nothing is known, `week` 1 to 48 or null. `features` are the values of the contract's
 * table for the place.
 */
class Place(
    val latitudeDegrees: Double,
    val longitudeDegrees: Double,
    val elevationM: Double? = null,
    val week: Int? = null,
    val features: DoubleArray = DoubleArray(0)
)

/** The vector of one place: double precision, rounded once at the end. */
fun encodePlace(place: Place, rule: PlaceRule): FloatArray {
    if (place.features.size != rule.features) {
        throw InputException("${place.features.size} features came with a place; the model takes ${rule.features}")
    }
    val latitude = within("latitude", place.latitudeDegrees, -90.0, 90.0)
    val vector = encoded(rule, latitude, longitudeOf(place, rule), thirdOf(place, rule)) + place.features
    return FloatArray(vector.size) { vector[it].toFloat() }
}

private fun longitudeOf(place: Place, rule: PlaceRule): Double {
    var longitude = place.longitudeDegrees
    if (rule.wrap) {
        within("longitude", longitude, -720.0, 720.0)
        if (abs(longitude) > 180) {
            longitude = ((longitude + 180) % 360 + 360) % 360 - 180
        }
    }
    return within("longitude", longitude, -180.0, 180.0)
}

/** What stands in third place of the encoding: an elevation, a week, or nothing. */
private fun thirdOf(place: Place, rule: PlaceRule): Double {
    if (rule.encoding == Encoding.BIRDNET_3) {
        return if (place.week == null) NO_WEEK.toDouble() else within("week", place.week.toDouble(), 1.0, WEEKS.toDouble())
    }
    if (place.week != null) {
        throw InputException("a week was given to a model that takes none")
    }
    if (rule.encoding != Encoding.INATURALIST_5) {
        return 0.0
    }
    val known = place.elevationM ?: rule.missingM
    if (place.elevationM == null && known.isNaN()) {
        throw InputException("a place needs its elevation in metres")
    }
    return within("elevation", known, -rule.lowestM, HIGHEST_PLACE_M)
}

private fun encoded(rule: PlaceRule, latitude: Double, longitude: Double, third: Double): DoubleArray {
    val x = PI * (longitude / 180)
    val y = PI * (latitude / 90)
    return when (rule.encoding) {
        Encoding.DEGREES -> doubleArrayOf(latitude, longitude)
        Encoding.SIN_COS_4 -> doubleArrayOf(sin(x), sin(y), cos(x), cos(y))
        Encoding.INATURALIST_5 -> {
            val elevation = if (third > 0) third / rule.highestM else third / rule.lowestM
            doubleArrayOf(sin(x), sin(y), cos(x), cos(y), elevation)
        }
        Encoding.SINUSOIDAL_14 -> octaves(latitude / 90, longitude / 180)
        Encoding.BIRDNET_3 -> doubleArrayOf(latitude, longitude, writtenWeek(rule, third))
    }
}

private fun octaves(y: Double, x: Double): DoubleArray {
    val waves = OCTAVES.flatMap {
        val turned = it * PI
        listOf(sin(turned * y), cos(turned * y), sin(turned * x))
    }
    return (listOf(y, x) + waves).toDoubleArray()
}

private fun writtenWeek(rule: PlaceRule, week: Double): Double =
    if (!rule.cosineWeek || week == NO_WEEK.toDouble()) week else cos(week * DEGREES_A_WEEK * PI / 180) + 1

private fun within(name: String, value: Double, low: Double, high: Double): Double {
    if (!(value >= low && value <= high)) {
        throw InputException("$name $value is out of range; allowed: $low to $high")
    }
    return value
}
