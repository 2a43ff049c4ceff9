import Foundation

private let precisionBits = 22

/// A filter: how far it reaches, and its weight at a distance.
private struct Filter {
    let support: Double
    let weight: (Double) -> Double
}

private func filter(of method: Resample) -> Filter {
    switch method {
    case .box: return Filter(support: 0.5, weight: { $0 > -0.5 && $0 <= 0.5 ? 1 : 0 })
    case .bicubic: return Filter(support: 2, weight: { cubic(abs($0)) })
    case .lanczos: return Filter(support: 3, weight: { $0 >= -3 && $0 < 3 ? wave($0) * wave($0 / 3) : 0 })
    default: return Filter(support: 1, weight: { max(0, 1 - abs($0)) })
    }
}

private func cubic(_ x: Double) -> Double {
    let a = -0.5
    if x < 1 {
        return ((a + 2) * x - (a + 3)) * x * x + 1
    }
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0
}

private func wave(_ x: Double) -> Double {
    x == 0 ? 1 : sin(x * Double.pi) / (x * Double.pi)
}

/// The picture at another size, byte for byte as Pillow has it but for the bilinear without antialiasing.
func resized(_ pixels: Pixels, _ width: Int, _ height: Int, _ method: Resample) -> Pixels {
    if method == .bilinearNoAntialias {
        return plainBilinear(pixels, width, height)
    }
    if pixels.width == width && pixels.height == height {
        return pixels
    }
    if method == .nearest {
        return nearest(pixels, width, height)
    }
    let found = filter(of: method)
    let across = { (from: Pixels) in from.width == width ? from : acrossResized(from, width, found) }
    let down = { (from: Pixels) in from.height == height ? from : downResized(from, height, found) }
    return downFirst(pixels, width, height) ? across(down(pixels)) : down(across(pixels))
}

/// Whether the pass over columns comes first: where it shrinks twice as far, as in Pillow 13.
private func downFirst(_ pixels: Pixels, _ width: Int, _ height: Int) -> Bool {
    let fewerRows = pixels.height - height
    return fewerRows > 0 && fewerRows > 2 * (pixels.width - width)
}

private struct Taps {
    let start: Int
    let weights: [Int]
}

/// For every position along one axis the first pixel that counts, and weights in 2^-22.
private func taps(_ from: Int, _ to: Int, _ filter: Filter) -> [Taps] {
    let scale = Double(from) / Double(to)
    let wide = max(scale, 1)
    let support = filter.support * wide
    return (0..<to).map { position in
        let centre = (Double(position) + 0.5) * scale
        let start = max(0, Int(centre - support + 0.5))
        let end = min(from, Int(centre + support + 0.5))
        let exact = (start..<end).map { filter.weight((Double($0) - centre + 0.5) * (1 / wide)) }
        let sum = exact.reduce(0, +)
        return Taps(start: start, weights: exact.map { fixed(sum == 0 ? $0 : $0 / sum) })
    }
}

private func fixed(_ weight: Double) -> Int {
    Int(weight * Double(1 << precisionBits) + (weight < 0 ? -0.5 : 0.5))
}

private func byte(_ sum: Int) -> UInt8 {
    UInt8(min(255, max(0, sum >> precisionBits)))
}

private func acrossResized(_ pixels: Pixels, _ width: Int, _ filter: Filter) -> Pixels {
    let channels = pixels.channels
    var data = [UInt8](repeating: 0, count: width * pixels.height * channels)
    for (x, found) in taps(pixels.width, width, filter).enumerated() {
        for y in 0..<pixels.height {
            for channel in 0..<channels {
                var sum = 1 << (precisionBits - 1)
                var place = (y * pixels.width + found.start) * channels + channel
                for weight in found.weights {
                    sum += Int(pixels.data[place]) * weight
                    place += channels
                }
                data[(y * width + x) * channels + channel] = byte(sum)
            }
        }
    }
    return Pixels(width, pixels.height, channels, data)
}

private func downResized(_ pixels: Pixels, _ height: Int, _ filter: Filter) -> Pixels {
    let row = pixels.width * pixels.channels
    var data = [UInt8](repeating: 0, count: row * height)
    for (y, found) in taps(pixels.height, height, filter).enumerated() {
        for column in 0..<row {
            var sum = 1 << (precisionBits - 1)
            var place = found.start * row + column
            for weight in found.weights {
                sum += Int(pixels.data[place]) * weight
                place += row
            }
            data[y * row + column] = byte(sum)
        }
    }
    return Pixels(pixels.width, height, pixels.channels, data)
}

/// The pixel that holds the centre of each new one; positions are summed, as Pillow does.
private func nearest(_ pixels: Pixels, _ width: Int, _ height: Int) -> Pixels {
    let columns = positions(pixels.width, width)
    let rows = positions(pixels.height, height)
    let channels = pixels.channels
    let data = (0..<(width * height * channels)).map { place -> UInt8 in
        let column = columns[place / channels % width]
        let row = rows[place / channels / width]
        return pixels.data[(row * pixels.width + column) * channels + place % channels]
    }
    return Pixels(width, height, channels, data)
}

private func positions(_ from: Int, _ to: Int) -> [Int] {
    let step = Double(from) / Double(to)
    var place = step * 0.5
    return (0..<to).map { _ in
        let found = min(from - 1, Int(place))
        place += step
        return found
    }
}

/// Both neighbours of every position along one axis, and the weight of the second.
private struct Neighbours {
    let low: [Int]
    let high: [Int]
    let share: [Float]

    init(_ from: Int, _ to: Int) {
        let places = (0..<to).map { index in
            min(max((Double(index) + 0.5) * (Double(from) / Double(to)) - 0.5, 0), Double(from - 1))
        }
        low = places.map { Int($0) }
        high = places.map { min(Int($0) + 1, from - 1) }
        share = places.map { Float($0 - $0.rounded(.down)) }
    }
}

/// Bilinear without antialiasing, in single precision, rounded half up.
private func plainBilinear(_ pixels: Pixels, _ width: Int, _ height: Int) -> Pixels {
    let rows = Neighbours(pixels.height, height)
    let columns = Neighbours(pixels.width, width)
    let channels = pixels.channels
    func between(_ x: Int, _ y: Int, _ channel: Int) -> Float {
        let upper = Int(pixels.data[(rows.low[y] * pixels.width + x) * channels + channel])
        let lower = Int(pixels.data[(rows.high[y] * pixels.width + x) * channels + channel])
        let part = Float(lower - upper) * rows.share[y]
        return Float(upper) + part
    }
    let data = (0..<(width * height * channels)).map { place -> UInt8 in
        let channel = place % channels
        let x = place / channels % width
        let y = place / channels / width
        let left = between(columns.low[x], y, channel)
        let right = between(columns.high[x], y, channel)
        let part = (right - left) * columns.share[x]
        let mixed = left + part
        return UInt8((mixed + 0.5).rounded(.down))
    }
    return Pixels(width, height, channels, data)
}
