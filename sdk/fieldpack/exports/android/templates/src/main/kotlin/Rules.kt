package @PACKAGE@

/** What was given does not fit the contract; the message says what would. */
class InputException(message: String) : IllegalArgumentException(message)

enum class ColorOrder { RGB, BGR, GRAY }

enum class Resample { NEAREST, BILINEAR, BILINEAR_NO_ANTIALIAS, BICUBIC, LANCZOS, BOX }

/** What happens to the aspect ratio of a picture. */
sealed class Fit

object Stretch : Fit()

class CenterCrop(val fraction: Double) : Fit()

class Pad(val value: Int) : Fit()

/** From a decoded picture to the pixels of an input. */
class ImageRule(
    val width: Int,
    val height: Int,
    val colorOrder: ColorOrder,
    val method: Resample,
    val fit: Fit
)

/** The scale of samples that a model was trained on. */
sealed class ValueScale

object UnitScale : ValueScale()

object Int16Scale : ValueScale()

class MinMaxScale(val epsilon: Double) : ValueScale()

class PeakScale(val peak: Double, val removeMean: Boolean) : ValueScale()

enum class LastWindow { DROP, PAD, SHIFT }

enum class ChannelMix { MEAN, FIRST }

/** Stretches softer than `topDb` below the loudest are left out. */
class Silence(val topDb: Double, val frameLength: Int, val hopLength: Int)

/** A windowed sinc in the exact ratio of two rates. */
class Polyphase(val zeroCrossings: Int, val kaiserBeta: Double, val rolloff: Double)

/** From a recording to windows of sound; `resampler` is null where the contract names soxr. */
class SoundRule(
    val sampleRateHz: Int,
    val resampler: Polyphase?,
    val channelMix: ChannelMix,
    val refuseLowRate: Boolean,
    val minSeconds: Double,
    val maxSeconds: Double,
    val silence: Silence?,
    val valueScale: ValueScale,
    val windowSamples: Int,
    val step: Int,
    val unit: Int,
    val last: LastWindow,
    val scaled: Boolean
)

/** How the numbers of a recording's windows become one. */
sealed class Pooling

object MeanPooling : Pooling()

object MaxPooling : Pooling()

class LogMeanExp(val sharpness: Double) : Pooling()

enum class Encoding { DEGREES, SIN_COS_4, INATURALIST_5, SINUSOIDAL_14, BIRDNET_3 }

/** From a place to the vector of an input; `missingM` is NaN where a place must have an elevation. */
class PlaceRule(
    val encoding: Encoding,
    val highestM: Double,
    val lowestM: Double,
    val missingM: Double,
    val cosineWeek: Boolean,
    val wrap: Boolean,
    val features: Int
)

class Band(val name: String, val low: Double, val high: Double, val scale: Double, val offset: Double)

enum class MaskChannel { NONE, VALID_IS_1, MISSING_IS_1 }

/** From the numbers of a tile to an input; `noData` is NaN where no value means it. */
class TileRule(
    val width: Int,
    val height: Int,
    val bands: List<Band>,
    val noData: Double,
    val fill: Double,
    val mask: MaskChannel
)

/** A plain array, fed as it is. */
class NumbersRule(val size: Int, val low: Double, val high: Double)

/** How one input or output meets a tensor of the model's file. */
class Border(
    val name: String,
    val tensor: String,
    val position: Int,
    val shape: IntArray,
    val dtype: String,
    val channelsFirst: Boolean,
    val scale: DoubleArray?,
    val offset: DoubleArray?,
    val step: Double,
    val zeroPoint: Int
) {
    val elements: Int = shape.fold(1) { product, size -> product * size }
    val quantized: Boolean = step > 0.0
}

enum class Activation { SOFTMAX, SIGMOID, LOGITS, LINEAR }

/** What the numbers of an output are; `slope` is 0 where logits are those of a softmax. */
class OutputRule(
    val name: String,
    val activation: Activation,
    val unit: String,
    val threshold: Double,
    val slope: Double,
    val limit: Double
)
