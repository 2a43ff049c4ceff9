package @PACKAGE@

import java.nio.ByteBuffer
import java.nio.ByteOrder
import kotlin.math.abs
import kotlin.math.floor
import kotlin.math.max
import kotlin.math.min
import kotlin.math.withSign

/** The numbers that a tensor stores for one prepared example: scaled, channels moved, quantised. */
fun stored(border: Border, prepared: FloatArray): FloatArray {
    if (prepared.size != border.elements) {
        throw InputException("${border.name} takes ${border.elements} numbers, and ${prepared.size} came")
    }
    val channels = channelsOf(border)
    val places = border.elements / channels
    return FloatArray(border.elements) { target ->
        val source = if (border.channelsFirst) target % places * channels + target / places else target
        val real = scaled(border, prepared[source], source)
        if (border.quantized) whole(border, real) else real
    }
}

private fun channelsOf(border: Border): Int =
    if (border.channelsFirst) border.shape[border.shape.size - 3] else border.shape[border.shape.size - 1]

private fun scaled(border: Border, value: Float, place: Int): Float {
    val scale = border.scale
    val offset = border.offset
    if (scale == null || offset == null) {
        return value
    }
    val channel = place % scale.size
    return value * scale[channel].toFloat() + offset[channel].toFloat()
}

private fun whole(border: Border, value: Float): Float {
    val exact = (value / border.step.toFloat()).toDouble()
    val nearest = floor(abs(exact) + 0.5).withSign(exact) + border.zeroPoint
    val low = if (border.dtype == "int8") -128.0 else if (border.dtype == "uint8") 0.0 else -2147483648.0
    val high = if (border.dtype == "int8") 127.0 else if (border.dtype == "uint8") 255.0 else 2147483647.0
    return min(high, max(low, nearest)).toFloat()
}

/** The real numbers of what a tensor stores. */
fun real(border: Border, stored: FloatArray): FloatArray {
    if (!border.quantized) {
        return stored
    }
    val step = border.step.toFloat()
    return FloatArray(stored.size) { (stored[it] - border.zeroPoint) * step }
}

/** A buffer of the size of a tensor. */
fun bufferOf(border: Border): ByteBuffer {
    val width = if (border.dtype == "int8" || border.dtype == "uint8") 1 else 4
    return ByteBuffer.allocateDirect(border.elements * width).order(ByteOrder.nativeOrder())
}

/** Write what a tensor stores. */
fun write(border: Border, stored: FloatArray, buffer: ByteBuffer) {
    buffer.rewind()
    for (value in stored) {
        when (border.dtype) {
            "float32" -> buffer.putFloat(value)
            "int32" -> buffer.putInt(value.toInt())
            else -> buffer.put(value.toInt().toByte())
        }
    }
    buffer.rewind()
}

/** Read what a tensor stores. */
fun read(border: Border, buffer: ByteBuffer): FloatArray {
    buffer.rewind()
    return FloatArray(border.elements) {
        when (border.dtype) {
            "float32" -> buffer.getFloat()
            "int32" -> buffer.getInt().toFloat()
            "uint8" -> (buffer.get().toInt() and 0xff).toFloat()
            else -> buffer.get().toFloat()
        }
    }
}
