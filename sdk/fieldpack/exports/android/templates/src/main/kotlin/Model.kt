package @PACKAGE@

/** What the model takes. */
class Inputs(
@INPUT_FIELDS@
)

/** What the model gives. */
class Answers(
@OUTPUT_FIELDS@
)

/** Where the words of an output lie; empty where there are none. */
class WordFiles(val labels: String, val thresholds: String, val taxonomy: String)

/** A graph from sound to an input. */
class FrontEnd(val path: String, val input: Border, val output: Border)

/** What the bundle states. */
object Facts {
    const val NAME = @NAME_TEXT@
    const val VERSION = @VERSION_TEXT@
    const val DIGEST = "@DIGEST@"
    const val DESCRIPTION = @DESCRIPTION_TEXT@
    const val FOLDER = @FOLDER_TEXT@
    const val MODEL = @MODEL_TEXT@

    /** Flavours of the bundle whose tensors are the same. */
    val flavours: Set<String> = setOf(@DIGESTS@)
@RULES@
    val inputBorders: List<Border> = listOf(
@INPUT_BORDERS@
    )
    val outputBorders: List<Border> = listOf(
@OUTPUT_BORDERS@
    )
    val outputs: List<OutputRule> = listOf(
@OUTPUT_RULES@
    )
    val frontEnds: List<FrontEnd?> = listOf(
@FRONT_ENDS@
    )
    val filters: List<Map<Int, String>> = listOf(
@FILTERS@
    )
    val words: List<WordFiles> = listOf(
@WORDS@
    )
    val pooling: Pooling = @POOLING@
}

@PREPARE@

/** The windows of every input, in the order of the contract; one of everything but recordings. */
internal fun prepared(inputs: Inputs, filters: List<Coefficients>): List<List<FloatArray>> = listOf(
@PREPARED@
)

/** The answers to the numbers of the outputs, in the order of the contract. */
internal fun answers(pooled: List<DoubleArray>, words: List<Words>): Answers = Answers(
@ANSWERS@
)
