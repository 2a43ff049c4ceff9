package @PACKAGE@

import android.content.Context
import android.content.res.AssetManager
import android.graphics.Bitmap
import java.io.File
import java.io.FileInputStream
import java.io.IOException
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.nio.channels.FileChannel
import org.tensorflow.lite.Interpreter

/** Upright RGB of a picture; of any configuration that can be read pixel by pixel. */
fun pixelsOf(bitmap: Bitmap): Pixels {
    val colors = IntArray(bitmap.width * bitmap.height)
    bitmap.getPixels(colors, 0, bitmap.width, 0, 0, bitmap.width, bitmap.height)
    return Pixels.fromArgb(bitmap.width, bitmap.height, colors)
}

/** Where the files of the bundle lie. */
private class Source(val read: Reader, val mapped: (String) -> ByteBuffer)

/**
 * The model in LiteRT, with everything around it that the contract states.
 *
 * One instance answers one call at a time; close it when it is no longer needed.
 */
class PhoneModel private constructor(source: Source, threads: Int) : AutoCloseable {
    /** The files are in the assets of this module. */
    constructor(context: Context, threads: Int = 1) : this(packaged(context.assets), threads)

    /** The files are in a folder, such as one of an AI pack; refused if they are of another bundle. */
    constructor(folder: File, threads: Int = 1) : this(unpacked(folder), threads)

    private val read = source.read.also(::checkContract)
    private val words = Facts.words.map { readWords(it, read) }
    private val filters = Facts.filters.map { readFilters(it, read) }
    private val options = Interpreter.Options().setNumThreads(threads)
    private val model = Interpreter(source.mapped(Facts.MODEL), options)
    private val frontEnds = Facts.frontEnds.map { it?.let { found -> Interpreter(source.mapped(found.path), options) } }

    /** One answer; the windows of a recording are joined by the contract's rule. */
    fun answer(inputs: Inputs): Answers {
        val rows = windows(inputs).map { values(it) }
        val pooled = Facts.outputs.indices.map { output -> pooled(rows.map { it[output] }, Facts.pooling) }
        return answers(pooled, words)
    }

    /** One answer for each window of a recording. */
    fun answerWindows(inputs: Inputs): List<Answers> = windows(inputs).map { window ->
        answers(values(window).map { row -> DoubleArray(row.size) { row[it].toDouble() } }, words)
    }

    /** What the model gives for one prepared example; output by output, in the order of the contract. */
    internal fun values(example: List<FloatArray>): List<FloatArray> {
        val given = arrayOfNulls<Any>(example.size)
        example.forEachIndexed { input, numbers -> given[Facts.inputBorders[input].position] = fed(input, numbers) }
        val taken = Facts.outputBorders.associate { it.position to bufferOf(it) }
        model.runForMultipleInputsOutputs(given, taken)
        return Facts.outputBorders.map { real(it, read(it, taken.getValue(it.position))) }
    }

    override fun close() {
        model.close()
        frontEnds.forEach { it?.close() }
    }

    private fun windows(inputs: Inputs): List<List<FloatArray>> {
        val prepared = prepared(inputs, filters).mapIndexed { input, windows -> windows.map { heard(input, it) } }
        val count = prepared.fold(1) { most, windows -> maxOf(most, windows.size) }
        return List(count) { window -> prepared.map { if (it.size == 1) it[0] else it[window] } }
    }

    /** A window of sound by way of its front-end; everything else as it is. */
    private fun heard(input: Int, window: FloatArray): FloatArray {
        val graph = Facts.frontEnds[input] ?: return window
        val given = bufferOf(graph.input).also { write(graph.input, stored(graph.input, window), it) }
        val taken = bufferOf(graph.output)
        frontEnds[input]?.run(given, taken)
        return real(graph.output, read(graph.output, taken))
    }

    private fun fed(input: Int, numbers: FloatArray): ByteBuffer {
        val border = Facts.inputBorders[input]
        return bufferOf(border).also { write(border, stored(border, numbers), it) }
    }
}

private fun unpacked(folder: File): Source = Source({ File(folder, it).readBytes() }) { path ->
    FileInputStream(File(folder, path)).use { it.channel.map(FileChannel.MapMode.READ_ONLY, 0, it.channel.size()) }
}

private fun packaged(assets: AssetManager): Source {
    val read: Reader = { path -> assets.open("${Facts.FOLDER}/$path").use { it.readBytes() } }
    return Source(read) { path ->
        try {
            assets.openFd("${Facts.FOLDER}/$path").use { file ->
                FileInputStream(file.fileDescriptor).use {
                    it.channel.map(FileChannel.MapMode.READ_ONLY, file.startOffset, file.declaredLength)
                }
            }
        } catch (error: IOException) {
            copied(read(path))
        }
    }
}

/** A file that lies compressed in the app. */
private fun copied(content: ByteArray): ByteBuffer {
    val buffer = ByteBuffer.allocateDirect(content.size).order(ByteOrder.nativeOrder())
    buffer.put(content).rewind()
    return buffer
}
