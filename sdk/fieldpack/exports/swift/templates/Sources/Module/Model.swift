/// What the model takes.
public struct Inputs {
@INPUT_FIELDS@

    public init(@INIT_PARAMETERS@) {
@INIT_BODY@
    }
}

/// What the model gives.
public struct Answers {
@OUTPUT_FIELDS@
}

/// Where the words of an output lie; empty where there are none.
struct WordFiles {
    let labels: String
    let thresholds: String
    let taxonomy: String
}

/// A model from sound to an input.
struct FrontEnd {
    let path: String
    let input: Border
    let output: Border
}

/// What the bundle states.
public enum Facts {
    public static let name = @NAME_TEXT@
    public static let version = @VERSION_TEXT@
    public static let digest = "@DIGEST@"
    public static let about = @DESCRIPTION_TEXT@
    static let model = @MODEL_TEXT@
    /// Flavours of the bundle whose tensors are the same.
    static let flavours: [String] = [@DIGESTS@]
@RULES@
    static let inputBorders: [Border] = [
@INPUT_BORDERS@
    ]
    static let outputBorders: [Border] = [
@OUTPUT_BORDERS@
    ]
    public static let outputs: [OutputRule] = [
@OUTPUT_RULES@
    ]
    static let frontEnds: [FrontEnd?] = [
@FRONT_ENDS@
    ]
    static let filters: [[Int: String]] = [
@FILTERS@
    ]
    static let words: [WordFiles] = [
@WORDS@
    ]
    static let pooling: Pooling = @POOLING@
}

@PREPARE@

/// The windows of every input, in the order of the contract; one of everything but recordings.
func prepared(_ inputs: Inputs, _ filters: [Coefficients]) throws -> [[[Float]]] {
    [
@PREPARED@
    ]
}

/// The answers to the numbers of the outputs, in the order of the contract.
func answers(_ pooled: [[Double]], _ words: [Words]) throws -> Answers {
    Answers(
@ANSWERS@
    )
}
