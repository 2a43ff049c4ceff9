package @PACKAGE@

import java.nio.ByteBuffer
import java.nio.ByteOrder

/** Reads a file of the bundle by its path. */
typealias Reader = (String) -> ByteArray

private const val TAXON_COLUMNS = 4

/** Labels, thresholds and taxonomy of an output. */
internal fun readWords(files: WordFiles, read: Reader): Words {
    val thresholds = lines(files.thresholds, read)
    val taxa = lines(files.taxonomy, read).map { line ->
        val (parent, leaf, rank, name) = line.split("\t", limit = TAXON_COLUMNS)
        Taxon(parent.toInt(), leaf.toInt(), number(rank), name)
    }
    return Words(lines(files.labels, read), DoubleArray(thresholds.size) { number(thresholds[it]) }, taxa)
}

/** The right halves of resampling filters, by the rate of the sound. */
internal fun readFilters(paths: Map<Int, String>, read: Reader): Coefficients = paths.mapValues { reals(read(it.value)) }

/** Refuses files of another bundle, or of a flavour with other tensors. */
internal fun checkContract(read: Reader) {
    val text = String(read("contract.json"), Charsets.UTF_8)
    if ("\"${Facts.DIGEST}\"" !in text || Facts.flavours.none { "\"$it\"" in text }) {
        throw InputException("the files are of another bundle or flavour than ${Facts.NAME} ${Facts.VERSION}")
    }
}

/** Little-endian single-precision numbers. */
internal fun reals(bytes: ByteArray): FloatArray {
    val values = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer()
    return FloatArray(values.remaining()).also { values.get(it) }
}

private fun number(text: String): Double = if (text == "nan") Double.NaN else text.toDouble()

private fun lines(path: String, read: Reader): List<String> =
    if (path.isEmpty()) emptyList() else String(read(path), Charsets.UTF_8).removeSuffix("\n").split("\n")
