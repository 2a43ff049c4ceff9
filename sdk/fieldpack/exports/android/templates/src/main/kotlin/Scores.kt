package @PACKAGE@

import kotlin.math.exp
import kotlin.math.ln
import kotlin.math.max
import kotlin.math.min

/** One label with its score, and the score from which it counts as present; NaN where there is none. */
class Ranked(val index: Int, val label: String, val score: Double, val threshold: Double) {
    val present: Boolean get() = score >= threshold
}

/** One taxon with the score of all below it. */
class RankedTaxon(val name: String, val rankLevel: Double, val score: Double)

/** One taxon; `parent` is its row, -1 of a root, `leaf` the output that scores it, else -1. */
class Taxon(val parent: Int, val leaf: Int, val rankLevel: Double, val name: String)

/** Labels of an output, a threshold for each (NaN for none), and their tree; empty where there is none. */
class Words(val labels: List<String>, val thresholds: DoubleArray, val taxa: List<Taxon>)

/** The answer of one output. */
class Answer(val rule: OutputRule, val values: DoubleArray, val words: Words) {
    /** Scores 0..1 of every label; the values of a linear output as they are. */
    val scores: DoubleArray = labelScores(rule, values)

    /** The best labels, highest first; of equal ones the earlier. */
    fun best(top: Int = 5): List<Ranked> {
        val order = scores.indices.sortedWith(Comparator { one, other ->
            if (scores[one] == scores[other]) one - other else scores[other].compareTo(scores[one])
        })
        return order.take(top).map { Ranked(it, words.labels.getOrElse(it) { "" }, scores[it], threshold(it)) }
    }

    /** Scores at every taxon, summed from the leaves; of one rank, or of all. */
    fun rolledUp(rankLevel: Double? = null, top: Int = 5): List<RankedTaxon> {
        val rolled = rollUp(words.taxa, scores)
        val rows = words.taxa.indices.filter {
            !rolled[it].isNaN() && (rankLevel == null || words.taxa[it].rankLevel == rankLevel)
        }
        return rows.sortedByDescending { rolled[it] }.take(top).map {
            RankedTaxon(words.taxa[it].name, words.taxa[it].rankLevel, rolled[it])
        }
    }

    private fun threshold(label: Int): Double {
        val own = if (label < words.thresholds.size) words.thresholds[label] else Double.NaN
        return if (own.isNaN()) rule.threshold else own
    }
}

/** Probabilities stay; logits become a softmax, or the sigmoid of the contract's sensitivity. */
fun labelScores(rule: OutputRule, values: DoubleArray): DoubleArray {
    if (values.any { it.isNaN() || it.isInfinite() }) {
        throw InputException("output ${rule.name} is NaN or infinite")
    }
    if (rule.slope > 0) {
        return DoubleArray(values.size) {
            1 / (1 + exp(-rule.slope * min(rule.limit, max(-rule.limit, values[it]))))
        }
    }
    return if (rule.activation == Activation.LOGITS) softmax(values) else values
}

private fun softmax(values: DoubleArray): DoubleArray {
    val largest = values.fold(Double.NEGATIVE_INFINITY) { most, value -> max(most, value) }
    val powers = DoubleArray(values.size) { exp(values[it] - largest) }
    val sum = powers.fold(0.0) { total, value -> total + value }
    return DoubleArray(values.size) { powers[it] / sum }
}

/** The numbers of a recording's windows as one. */
fun pooled(rows: List<FloatArray>, pooling: Pooling): DoubleArray {
    if (rows.isEmpty()) {
        throw InputException("there is no window whose scores could be joined")
    }
    return DoubleArray(rows[0].size) { place ->
        val largest = rows.fold(Double.NEGATIVE_INFINITY) { most, row -> max(most, row[place].toDouble()) }
        when (pooling) {
            is MaxPooling -> largest
            is MeanPooling -> rows.fold(0.0) { sum, row -> sum + row[place] } / rows.size
            is LogMeanExp -> {
                val sum = rows.fold(0.0) { total, row -> total + exp(pooling.sharpness * (row[place] - largest)) }
                largest + ln(sum / rows.size) / pooling.sharpness
            }
        }
    }
}

/** Sums of scores at every taxon, NaN where nothing below has one. */
fun rollUp(taxa: List<Taxon>, scores: DoubleArray): DoubleArray {
    val rolled = DoubleArray(taxa.size) { Double.NaN }
    taxa.forEachIndexed { place, taxon ->
        if (taxon.leaf in scores.indices) {
            var row = place
            while (row >= 0) {
                rolled[row] = (if (rolled[row].isNaN()) 0.0 else rolled[row]) + scores[taxon.leaf]
                row = taxa[row].parent
            }
        }
    }
    return rolled
}
