package @PACKAGE@

import kotlin.math.abs
import kotlin.math.log10
import kotlin.math.max
import kotlin.math.min

private const val INT16 = 32768.0
private const val SILENT = 1e-10

/** Channels of one length, samples in -1..1: integers of a file divided by their largest power of two. */
class Recording(val sampleRateHz: Int, val channels: List<FloatArray>)

/** Right halves of resampling filters, by the rate of the sound. */
typealias Coefficients = Map<Int, FloatArray>

/**
 * The windows of a clip, by the contract's rules for clips: cut to its longest, resampled, without silence,
 * repeated to its shortest, cut into windows. A front-end graph takes them as they are.
 */
fun windowsOf(recording: Recording, rule: SoundRule, coefficients: Coefficients): List<FloatArray> {
    val found = cut(trimmed(recording, rule, coefficients), rule)
    if (found.isEmpty()) {
        throw InputException("a sound is too short for one window of ${rule.windowSamples} samples")
    }
    return if (rule.scaled) found.map { scaled(it, rule.valueScale) } else found
}

private fun trimmed(recording: Recording, rule: SoundRule, coefficients: Coefficients): FloatArray {
    val rate = recording.sampleRateHz
    if (rate < rule.sampleRateHz && rule.refuseLowRate) {
        throw InputException("a sound of $rate Hz is too low; the model needs ${rule.sampleRateHz} Hz or more")
    }
    val whole = mono(recording, rule.channelMix)
    val longest = min(whole.size.toLong(), (rule.maxSeconds * rate).toLong()).toInt()
    val clip = resample(whole.copyOf(longest), rate, rule.sampleRateHz, rule.resampler, coefficients[rate])
    val audible = if (rule.silence == null) clip else withoutSilence(clip, rule.silence)
    val shortest = (rule.minSeconds * rule.sampleRateHz).toInt()
    return if (audible.size >= shortest) audible else FloatArray(shortest) { audible[it % audible.size] }
}

private fun mono(recording: Recording, mix: ChannelMix): FloatArray {
    val channels = recording.channels
    val size = if (channels.isEmpty()) 0 else channels[0].size
    if (size == 0 || channels.any { it.size != size }) {
        throw InputException("a sound needs samples, as many in each channel")
    }
    if (channels.any { channel -> channel.any { it.isNaN() || it.isInfinite() } }) {
        throw InputException("a sound holds NaN or infinite samples")
    }
    if (mix == ChannelMix.FIRST || channels.size == 1) {
        return channels[0]
    }
    return FloatArray(size) { place ->
        (channels.fold(0.0) { sum, channel -> sum + channel[place] } / channels.size).toFloat()
    }
}

/** The stretches that are louder than `topDb` below the loudest, joined. */
private fun withoutSilence(samples: FloatArray, rule: Silence): FloatArray {
    val half = rule.frameLength / 2
    val padded = samples.size + 2 * half
    val count = 1 + max(0, padded - rule.frameLength) / rule.hopLength
    val length = min(rule.frameLength, padded)
    val level = DoubleArray(count) { frame ->
        var sum = 0.0
        for (place in frame * rule.hopLength - half until frame * rule.hopLength - half + length) {
            val value = if (place in samples.indices) samples[place] else 0f
            sum += value * value
        }
        max(sum / length, SILENT)
    }
    val loudest = level.fold(0.0) { most, value -> max(most, value) }
    val loud = BooleanArray(count) { 10 * log10(level[it] / loudest) > -rule.topDb }
    val kept = samples.indices.filter { it / rule.hopLength < count && loud[it / rule.hopLength] }
    return FloatArray(kept.size) { samples[kept[it]] }
}

private fun cut(samples: FloatArray, rule: SoundRule): List<FloatArray> {
    val found = ArrayList<FloatArray>()
    var start = 0
    while (start + rule.windowSamples <= samples.size) {
        found.add(window(samples, start, rule.windowSamples))
        start += rule.step
    }
    val covered = if (found.isEmpty()) 0 else start - rule.step + rule.windowSamples
    if (rule.last == LastWindow.DROP || samples.size - covered < rule.unit) {
        return found
    }
    if (rule.last == LastWindow.SHIFT && found.isNotEmpty()) {
        start = (samples.size - rule.windowSamples) / rule.unit * rule.unit
    }
    found.add(window(samples, start, rule.windowSamples))
    return found
}

private fun window(samples: FloatArray, start: Int, size: Int): FloatArray =
    FloatArray(size) { if (start + it < samples.size) samples[start + it] else 0f }

/** The samples of one window in the scale that the model was trained on. */
private fun scaled(samples: FloatArray, scale: ValueScale): FloatArray = when (scale) {
    is UnitScale -> samples
    is Int16Scale -> FloatArray(samples.size) { (samples[it] * INT16).toFloat() }
    is MinMaxScale -> {
        val least = samples.fold(Double.POSITIVE_INFINITY) { low, value -> min(low, value.toDouble()) }
        val range = samples.fold(0.0) { high, value -> max(high, value - least) } + scale.epsilon
        FloatArray(samples.size) { (2 * (samples[it] - least) / range - 1).toFloat() }
    }
    is PeakScale -> {
        val sum = samples.fold(0.0) { total, value -> total + value }
        val mean = if (scale.removeMean) sum / samples.size else 0.0
        val loudest = samples.fold(SILENT) { most, value -> max(most, abs(value - mean)) }
        FloatArray(samples.size) { ((samples[it] - mean) * (scale.peak / loudest)).toFloat() }
    }
}
