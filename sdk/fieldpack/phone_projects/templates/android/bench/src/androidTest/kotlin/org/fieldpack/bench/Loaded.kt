package org.fieldpack.bench

import java.io.File
import java.io.RandomAccessFile
import java.nio.ByteBuffer
import java.nio.channels.FileChannel
import java.security.MessageDigest
import kotlin.math.abs
import kotlin.math.max
import org.json.JSONArray
import org.json.JSONObject
import org.tensorflow.lite.Interpreter

internal const val THREADS = 1

/** A flavour in LiteRT, with every golden vector ready to be fed. */
internal class Loaded(private val project: Project, private val flavour: Flavour, file: File) : AutoCloseable {
    private val interpreter: Interpreter
    private val fed: List<Array<Any>>
    private val results: Map<Int, ByteBuffer>
    val loadMs: Double

    init {
        val start = System.nanoTime()
        val content = RandomAccessFile(file, "r").use {
            it.channel.map(FileChannel.MapMode.READ_ONLY, 0, it.length())
        }
        interpreter = Interpreter(content, Interpreter.Options().setNumThreads(THREADS))
        interpreter.allocateTensors()
        loadMs = (System.nanoTime() - start) / 1e6
        checkTensors()
        fed = List(project.count) { arguments(it) }
        results = flavour.outputs.associate { it.position to it.buffer() }
    }

    /** Run one golden vector; milliseconds. */
    fun run(vector: Int): Double {
        results.values.forEach { it.rewind() }
        val start = System.nanoTime()
        interpreter.runForMultipleInputsOutputs(fed[vector], results)
        return (System.nanoTime() - start) / 1e6
    }

    /** Largest difference of each output from what it must be, and the digest of its bytes. */
    fun golden(): Golden {
        val expected = flavour.outputs.indices.map { project.examples(flavour.expected(it).getString("file")) }
        val digests = flavour.outputs.map { MessageDigest.getInstance("SHA-256") }
        val differences = DoubleArray(flavour.outputs.size)
        for (vector in 0 until project.count) {
            run(vector)
            flavour.outputs.forEachIndexed { index, border ->
                val buffer = results.getValue(border.position)
                buffer.rewind()
                digests[index].update(buffer)
                val found = difference(border.fetch(buffer), expected[index][vector])
                differences[index] = max(differences[index], found)
            }
        }
        return Golden(flavour, differences, digests.map { hexadecimal(it.digest()) })
    }

    override fun close() = interpreter.close()

    private fun arguments(vector: Int): Array<Any> {
        val ordered = flavour.inputs.sortedBy { it.position }
        return Array(ordered.size) { place ->
            val given = project.inputs.getValue(ordered[place].name)
            ordered[place].feed(given.examples[vector], given.channels)
        }
    }

    private fun checkTensors() {
        for (border in flavour.inputs) {
            checkShape(border, interpreter.getInputTensor(border.position).shape())
        }
        for (border in flavour.outputs) {
            checkShape(border, interpreter.getOutputTensor(border.position).shape())
        }
    }

    private fun checkShape(border: Border, shape: IntArray) {
        check(shape.contentEquals(border.shape)) {
            "${border.name} has shape ${shape.toList()}, not ${border.shape.toList()}"
        }
    }

    private fun difference(found: FloatArray, expected: FloatArray): Double {
        require(found.size == expected.size) { "${found.size} values came, not ${expected.size}" }
        var largest = 0f
        for (place in found.indices) {
            if (!found[place].isFinite()) {
                return Double.POSITIVE_INFINITY
            }
            largest = max(largest, abs(found[place] - expected[place]))
        }
        return largest.toDouble()
    }
}

/** What the golden vectors gave. */
internal class Golden(
    private val flavour: Flavour,
    private val differences: DoubleArray,
    private val digests: List<String>
) {
    /** Empty, or what is wrong. */
    val fault: String
        get() = flavour.outputs.indices.filterNot { differences[it] <= tolerance(it) }.joinToString("; ") {
            "output ${flavour.outputs[it].name} is off by ${differences[it]}, admitted ${tolerance(it)}"
        }

    fun write(line: JSONObject) {
        val rows = JSONArray()
        val outputs = JSONObject()
        flavour.outputs.forEachIndexed { index, border ->
            val finite = differences[index].isFinite()
            val row = JSONObject().put("output", border.name)
            rows.put(row.put("difference", if (finite) differences[index] else JSONObject.NULL))
            outputs.put(border.name, digests[index])
        }
        line.put("golden", rows).put("outputs", outputs)
    }

    private fun tolerance(output: Int): Double = flavour.expected(output).getDouble("tolerance")
}
