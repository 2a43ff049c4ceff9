import Foundation

private let int16 = 32768.0
private let silent = 1e-10

/// Channels of one length, samples in -1..1: integers of a file divided by their largest power of two.
public struct Recording {
    public let sampleRateHz: Int
    public let channels: [[Float]]

    public init(sampleRateHz: Int, channels: [[Float]]) {
        self.sampleRateHz = sampleRateHz
        self.channels = channels
    }
}

/// Right halves of resampling filters, by the rate of the sound.
public typealias Coefficients = [Int: [Float]]

/// The windows of a clip, by the contract's rules for clips: cut to its longest, resampled, without silence,
/// repeated to its shortest, cut into windows. A front-end takes them as they are.
public func windows(of recording: Recording, _ rule: SoundRule, _ filters: Coefficients) throws -> [[Float]] {
    let found = cut(try trimmed(recording, rule, filters), rule)
    guard !found.isEmpty else {
        throw InputError("a sound is too short for one window of \(rule.windowSamples) samples")
    }
    return rule.scaled ? found.map { scaled($0, rule.valueScale) } : found
}

private func trimmed(_ recording: Recording, _ rule: SoundRule, _ filters: Coefficients) throws -> [Float] {
    let rate = recording.sampleRateHz
    if rate < rule.sampleRateHz && rule.refuseLowRate {
        throw InputError("a sound of \(rate) Hz is too low; the model needs \(rule.sampleRateHz) Hz or more")
    }
    let whole = try mono(recording, rule.channelMix)
    let longest = Array(whole.prefix(Int(rule.maxSeconds * Double(rate))))
    let change = RateChange(from: rate, to: rule.sampleRateHz, resampler: rule.resampler, half: filters[rate])
    let clip = try resample(longest, change)
    let audible = rule.silence.map { withoutSilence(clip, $0) } ?? clip
    let shortest = Int(rule.minSeconds * Double(rule.sampleRateHz))
    return audible.count >= shortest ? audible : (0..<shortest).map { audible[$0 % audible.count] }
}

private func mono(_ recording: Recording, _ mix: ChannelMix) throws -> [Float] {
    let channels = recording.channels
    guard let first = channels.first, !first.isEmpty, channels.allSatisfy({ $0.count == first.count }) else {
        throw InputError("a sound needs samples, as many in each channel")
    }
    guard channels.allSatisfy({ $0.allSatisfy { $0.isFinite } }) else {
        throw InputError("a sound holds NaN or infinite samples")
    }
    if mix == .first || channels.count == 1 {
        return first
    }
    return first.indices.map { place in
        let sum = channels.reduce(0.0) { $0 + Double($1[place]) }
        return Float(sum / Double(channels.count))
    }
}

/// The stretches that are louder than `topDb` below the loudest, joined.
private func withoutSilence(_ samples: [Float], _ rule: Silence) -> [Float] {
    let half = rule.frameLength / 2
    let padded = samples.count + 2 * half
    let count = 1 + max(0, padded - rule.frameLength) / rule.hopLength
    let length = min(rule.frameLength, padded)
    let level = (0..<count).map { frame -> Double in
        let start = frame * rule.hopLength - half
        var sum = 0.0
        for place in start..<(start + length) where samples.indices.contains(place) {
            sum += Double(samples[place] * samples[place])
        }
        return max(sum / Double(length), silent)
    }
    let loudest = level.reduce(0, max)
    let loud = level.map { 10 * log10($0 / loudest) > -rule.topDb }
    let kept = samples.indices.filter { $0 / rule.hopLength < count && loud[$0 / rule.hopLength] }
    return kept.map { samples[$0] }
}

private func cut(_ samples: [Float], _ rule: SoundRule) -> [[Float]] {
    var found: [[Float]] = []
    var start = 0
    while start + rule.windowSamples <= samples.count {
        found.append(window(samples, start, rule.windowSamples))
        start += rule.step
    }
    let covered = found.isEmpty ? 0 : start - rule.step + rule.windowSamples
    if rule.last == .drop || samples.count - covered < rule.unit {
        return found
    }
    if rule.last == .shift && !found.isEmpty {
        start = (samples.count - rule.windowSamples) / rule.unit * rule.unit
    }
    found.append(window(samples, start, rule.windowSamples))
    return found
}

private func window(_ samples: [Float], _ start: Int, _ size: Int) -> [Float] {
    (0..<size).map { start + $0 < samples.count ? samples[start + $0] : 0 }
}

/// The samples of one window in the scale that the model was trained on.
private func scaled(_ samples: [Float], _ scale: ValueScale) -> [Float] {
    let values = samples.map { Double($0) }
    switch scale {
    case .unitScale:
        return samples
    case .int16Scale:
        return values.map { Float($0 * int16) }
    case .minMaxScale(let epsilon):
        let least = values.reduce(Double.infinity, min)
        let range = values.reduce(0.0) { max($0, $1 - least) } + epsilon
        return values.map { Float(2 * ($0 - least) / range - 1) }
    case .peakScale(let peak, let removeMean):
        let mean = removeMean ? values.reduce(0, +) / Double(values.count) : 0
        let loudest = values.reduce(silent) { max($0, abs($1 - mean)) }
        return values.map { Float(($0 - mean) * (peak / loudest)) }
    }
}
