import Foundation

/// One label with its score, and the score from which it counts as present; nil where there is none.
public struct Ranked {
    public let index: Int
    public let label: String
    public let score: Double
    public let threshold: Double?

    public var present: Bool { threshold.map { score >= $0 } ?? false }
}

/// One taxon with the score of all below it.
public struct RankedTaxon {
    public let name: String
    public let rankLevel: Double
    public let score: Double
}

/// One taxon; `parent` is its row, -1 of a root, `leaf` the output that scores it, else -1.
public struct Taxon {
    public let parent: Int
    public let leaf: Int
    public let rankLevel: Double
    public let name: String
}

/// Labels of an output, a threshold for each (NaN for none), and their tree; empty where there is none.
public struct Words {
    public let labels: [String]
    public let thresholds: [Double]
    public let taxa: [Taxon]
}

/// The answer of one output.
public struct Answer {
    public let rule: OutputRule
    public let values: [Double]
    /// Scores 0..1 of every label; the values of a linear output as they are.
    public let scores: [Double]
    public let words: Words

    public init(rule: OutputRule, values: [Double], words: Words) throws {
        self.rule = rule
        self.values = values
        self.words = words
        scores = try labelScores(rule, values)
    }

    /// The best labels, highest first; of equal ones the earlier.
    public func best(_ top: Int = 5) -> [Ranked] {
        let order = scores.indices.sorted { scores[$0] == scores[$1] ? $0 < $1 : scores[$0] > scores[$1] }
        return order.prefix(top).map { index in
            let label = index < words.labels.count ? words.labels[index] : ""
            return Ranked(index: index, label: label, score: scores[index], threshold: threshold(of: index))
        }
    }

    /// Scores at every taxon, summed from the leaves; of one rank, or of all.
    public func rolledUp(rankLevel: Double? = nil, top: Int = 5) -> [RankedTaxon] {
        let rolled = rollUp(words.taxa, scores)
        let rows = words.taxa.indices.filter { row in
            !rolled[row].isNaN && (rankLevel == nil || words.taxa[row].rankLevel == rankLevel)
        }
        return rows.sorted { rolled[$0] > rolled[$1] }.prefix(top).map { row in
            RankedTaxon(name: words.taxa[row].name, rankLevel: words.taxa[row].rankLevel, score: rolled[row])
        }
    }

    private func threshold(of label: Int) -> Double? {
        let own = label < words.thresholds.count ? words.thresholds[label] : Double.nan
        let found = own.isNaN ? rule.threshold : own
        return found.isNaN ? nil : found
    }
}

/// Probabilities stay; logits become a softmax, or the sigmoid of the contract's sensitivity.
public func labelScores(_ rule: OutputRule, _ values: [Double]) throws -> [Double] {
    guard values.allSatisfy({ $0.isFinite }) else {
        throw InputError("output \(rule.name) is NaN or infinite")
    }
    if rule.slope > 0 {
        return values.map { 1 / (1 + exp(-rule.slope * min(rule.limit, max(-rule.limit, $0)))) }
    }
    return rule.activation == .logits ? softmax(values) : values
}

private func softmax(_ values: [Double]) -> [Double] {
    let largest = values.reduce(-Double.infinity, max)
    let powers = values.map { exp($0 - largest) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
}

/// The numbers of a recording's windows as one.
public func pooled(_ rows: [[Float]], _ pooling: Pooling) throws -> [Double] {
    guard let first = rows.first else {
        throw InputError("there is no window whose scores could be joined")
    }
    return first.indices.map { place in
        let values = rows.map { Double($0[place]) }
        let largest = values.reduce(-Double.infinity, max)
        switch pooling {
        case .maxPooling: return largest
        case .meanPooling: return values.reduce(0, +) / Double(values.count)
        case .logMeanExp(let sharpness):
            let sum = values.reduce(0.0) { $0 + exp(sharpness * ($1 - largest)) }
            return largest + log(sum / Double(values.count)) / sharpness
        }
    }
}

/// Sums of scores at every taxon, NaN where nothing below has one.
public func rollUp(_ taxa: [Taxon], _ scores: [Double]) -> [Double] {
    var rolled = [Double](repeating: .nan, count: taxa.count)
    for (place, taxon) in taxa.enumerated() where scores.indices.contains(taxon.leaf) {
        var row = place
        while row >= 0 {
            rolled[row] = (rolled[row].isNaN ? 0 : rolled[row]) + scores[taxon.leaf]
            row = taxa[row].parent
        }
    }
    return rolled
}
