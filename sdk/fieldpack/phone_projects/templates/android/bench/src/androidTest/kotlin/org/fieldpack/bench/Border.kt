package org.fieldpack.bench

import java.nio.ByteBuffer
import java.nio.ByteOrder
import kotlin.math.abs
import kotlin.math.floor
import kotlin.math.withSign
import org.json.JSONArray
import org.json.JSONObject

internal fun integers(values: JSONArray): IntArray = IntArray(values.length()) { values.getInt(it) }

internal fun reals(values: JSONArray): FloatArray =
    FloatArray(values.length()) { values.getDouble(it).toFloat() }

/** How one input or output of the contract meets a tensor of the file, as the index says. */
internal class Border(values: JSONObject) {
    val name: String = values.getString("name")
    val position: Int = values.getInt("position")
    val shape: IntArray = integers(values.getJSONArray("shape"))
    val dtype: String = values.getString("dtype")
    val elements: Int = shape.fold(1) { product, size -> product * size }
    private val channelsFirst = values.optString("layout") == "NCHW"
    private val scale = values.optJSONArray("scale")?.let(::reals)
    private val offset = values.optJSONArray("offset")?.let(::reals)
    private val quantization: JSONObject? = values.optJSONObject("quantization")
    private val step: Float = quantization?.getDouble("scale")?.toFloat() ?: 1f
    private val zeroPoint: Int = quantization?.getInt("zero_point") ?: 0

    fun buffer(): ByteBuffer {
        val width = if (dtype == "int8" || dtype == "uint8") 1 else 4
        return ByteBuffer.allocateDirect(elements * width).order(ByteOrder.nativeOrder())
    }

    /** What the tensor takes for one example, whose last axis counts channels. */
    fun feed(example: FloatArray, channels: Int): ByteBuffer {
        require(example.size == elements) { "input $name has ${example.size} values, not $elements" }
        val places = elements / channels
        val buffer = buffer()
        for (target in 0 until elements) {
            val source = if (channelsFirst) target % places * channels + target / places else target
            store(buffer, scaled(example[source], source % channels))
        }
        buffer.rewind()
        return buffer
    }

    /** The real numbers that a tensor holds. */
    fun fetch(buffer: ByteBuffer): FloatArray {
        buffer.rewind()
        return FloatArray(elements) { real(buffer) }
    }

    private fun scaled(value: Float, channel: Int): Float {
        val factors = scale ?: return value
        val shifts = offset ?: return value
        return value * factors[channel % factors.size] + shifts[channel % shifts.size]
    }

    private fun store(buffer: ByteBuffer, value: Float) {
        when (dtype) {
            "float32" -> buffer.putFloat(value)
            "int32" -> buffer.putInt(whole(value, Int.MIN_VALUE, Int.MAX_VALUE))
            "int8" -> buffer.put(whole(value, -128, 127).toByte())
            "uint8" -> buffer.put(whole(value, 0, 255).toByte())
            else -> throw IllegalArgumentException("no input of type $dtype")
        }
    }

    /** The nearest integer, half away from zero. */
    private fun whole(value: Float, lowest: Int, highest: Int): Int {
        if (quantization == null) {
            return value.toInt()
        }
        val exact = (value / step).toDouble()
        val nearest = floor(abs(exact) + 0.5).withSign(exact) + zeroPoint
        return nearest.coerceIn(lowest.toDouble(), highest.toDouble()).toInt()
    }

    private fun real(buffer: ByteBuffer): Float {
        if (dtype == "float32") {
            return buffer.getFloat()
        }
        val stored = when (dtype) {
            "int8" -> buffer.get().toInt()
            "uint8" -> buffer.get().toInt() and 0xff
            "int32" -> buffer.getInt()
            else -> throw IllegalArgumentException("no output of type $dtype")
        }
        return if (quantization == null) stored.toFloat() else (stored - zeroPoint).toFloat() * step
    }
}
