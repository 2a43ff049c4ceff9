import Foundation

private let mostCoefficients = 8_000_000.0
private let mostUp = 256

/// From one rate to another; `half` is the right half of the filter from the bundle, else it is computed.
struct RateChange {
    let from: Int
    let to: Int
    let resampler: Polyphase?
    let half: [Float]?
}

/// A whole sound at another rate, by the contract's windowed sinc: sums in double precision, the result single.
func resample(_ samples: [Float], _ change: RateChange) throws -> [Float] {
    if change.from == change.to {
        return samples
    }
    guard let resampler = change.resampler else {
        throw InputError("a sound of \(change.from) Hz would be resampled by soxr; give one of \(change.to) Hz")
    }
    guard change.from > 0, change.to <= mostUp * change.from else {
        throw InputError("a sound cannot be resampled from \(change.from) to \(change.to) Hz")
    }
    let common = greatestDivisor(change.from, change.to)
    let up = change.to / common
    let down = change.from / common
    return filtered(samples, up, down, try change.half ?? halfFilter(up, down, resampler))
}

private func greatestDivisor(_ one: Int, _ other: Int) -> Int {
    other == 0 ? one : greatestDivisor(other, one % other)
}

private func filtered(_ samples: [Float], _ up: Int, _ down: Int, _ half: [Float]) -> [Float] {
    let last = half.count - 1
    return (0..<((samples.count * up + down - 1) / down)).map { place in
        let centre = place * down
        let first = max(0, Int((Double(centre - last) / Double(up)).rounded(.up)))
        let end = min(samples.count - 1, Int((Double(centre + last) / Double(up)).rounded(.down)))
        var sum = 0.0
        var from = first
        while from <= end {
            sum += Double(samples[from]) * Double(half[abs(centre - from * up)])
            from += 1
        }
        return Float(sum)
    }
}

private func halfFilter(_ up: Int, _ down: Int, _ rule: Polyphase) throws -> [Float] {
    let cutoff = rule.rolloff * min(1, Double(up) / Double(down))
    let reach = Double(rule.zeroCrossings) / cutoff
    let count = (reach * Double(up)).rounded(.down) + 1
    guard 2 * count <= mostCoefficients else {
        throw InputError("the rates have the ratio \(up) / \(down), whose filter would be huge")
    }
    let half = (0..<Int(count)).map { index -> Double in
        let time = Double(index) / Double(up)
        let share = time / reach
        return sinc(cutoff * time) * bessel(rule.kaiserBeta * max(0, 1 - share * share).squareRoot())
    }
    let sum = half.reduce(0, +) * 2 - half[0]
    return half.map { Float($0 * Double(up) / sum) }
}

private func sinc(_ x: Double) -> Double {
    x == 0 ? 1 : sin(Double.pi * x) / (Double.pi * x)
}

/// Modified Bessel function of the first kind and order 0, by its series.
private func bessel(_ x: Double) -> Double {
    var sum = 1.0
    var term = 1.0
    var order = 1.0
    while term > sum * 1e-17 {
        term *= (x / (2 * order)) * (x / (2 * order))
        sum += term
        order += 1
    }
    return sum
}
