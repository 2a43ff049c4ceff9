package org.fieldpack.bench

import android.content.res.AssetManager
import java.io.File
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.security.MessageDigest
import org.json.JSONObject

private const val FOLDER = "fieldpack"
private const val INDEX = "index.json"

internal fun hexadecimal(digest: ByteArray): String = digest.joinToString("") { "%02x".format(it) }

/** Golden inputs of one name: `count` examples of the same shape. */
internal class GoldenInput(val examples: List<FloatArray>, val channels: Int)

/** When a round may stop. */
internal class Plan(values: JSONObject) {
    val warmUps: Int = values.getInt("warm_ups")
    val samples: Int = values.getInt("samples")
    val longestMs: Double = values.getDouble("seconds") * 1e3
    val shortestMs: Double = values.getDouble("shortest_s") * 1e3
}

/** One model file with its borders and what it must answer. */
internal class Flavour(val values: JSONObject) {
    val name: String = values.getString("name")
    val model: String = values.getString("model")
    val inputs: List<Border> = objects("inputs").map(::Border)
    val outputs: List<Border> = objects("outputs").map(::Border)

    fun expected(output: Int): JSONObject = objects("outputs")[output]

    private fun objects(key: String): List<JSONObject> {
        val found = values.getJSONArray(key)
        return List(found.length()) { found.getJSONObject(it) }
    }
}

/** Everything that the index names, read from the assets of the test. */
internal class Project(private val assets: AssetManager) {
    private val index = JSONObject(String(bytes(INDEX), Charsets.UTF_8))
    val bundle: JSONObject = index.getJSONObject("bundle")
    val resultSchema: String = index.getString("result_schema")
    val plan = Plan(index.getJSONObject("plan"))
    val count: Int = index.getInt("count")
    val flavours: List<Flavour>
    val inputs: Map<String, GoldenInput>

    init {
        val listed = index.getJSONArray("flavours")
        flavours = List(listed.length()) { Flavour(listed.getJSONObject(it)) }
        val golden = index.getJSONArray("inputs")
        inputs = (0 until golden.length()).map { golden.getJSONObject(it) }.associate { item ->
            val shape = integers(item.getJSONArray("shape"))
            val channels = if (shape.isEmpty()) 1 else shape.last()
            item.getString("name") to GoldenInput(examples(item.getString("file")), channels)
        }
    }

    /** `count` examples of equal length from a file of little-endian float32. */
    fun examples(name: String): List<FloatArray> {
        val values = ByteBuffer.wrap(bytes(name)).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer()
        require(values.remaining() % count == 0) { "$name does not hold $count examples" }
        val size = values.remaining() / count
        return List(count) { FloatArray(size).also { example -> values.get(example) } }
    }

    /** Copy the model to a real file; refuses one that is not the bundle's. */
    fun install(flavour: Flavour, folder: File): File {
        val content = bytes(flavour.model)
        val digest = hexadecimal(MessageDigest.getInstance("SHA-256").digest(content))
        val expected = flavour.values.getString("digest")
        check(digest == expected) { "${flavour.model} is not the file of the bundle: $digest" }
        return File(folder, "model.tflite").apply { writeBytes(content) }
    }

    private fun bytes(name: String): ByteArray = assets.open("$FOLDER/$name").use { it.readBytes() }
}
