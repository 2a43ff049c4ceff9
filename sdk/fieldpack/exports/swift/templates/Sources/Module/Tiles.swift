/// The numbers of one tile as measured, band by band, rows of each; `masked` tells pixels without data.
public struct Tile {
    public let bands: [[Double]]
    public let masked: [Bool]?

    public init(bands: [[Double]], masked: [Bool]? = nil) {
        self.bands = bands
        self.masked = masked
    }
}

/// Clip, scale and fill a tile: rows, columns, channels.
public func prepareTile(_ tile: Tile, _ rule: TileRule) throws -> [Float] {
    let pixels = rule.width * rule.height
    guard tile.bands.count == rule.bands.count, tile.bands.allSatisfy({ $0.count == pixels }) else {
        throw InputError("a tile has \(rule.bands.count) bands of \(rule.height) rows and \(rule.width) columns")
    }
    let channels = rule.bands.count + (rule.mask == .none ? 0 : 1)
    var made = [Float](repeating: 0, count: pixels * channels)
    for pixel in 0..<pixels {
        let missing = isMissing(tile, rule, pixel)
        for (channel, band) in rule.bands.enumerated() {
            let value = min(max(tile.bands[channel][pixel], band.low), band.high) * band.scale + band.offset
            made[pixel * channels + channel] = Float(missing ? rule.fill : value)
        }
        if rule.mask != .none {
            made[pixel * channels + channels - 1] = missing == (rule.mask == .missingIs1) ? 1 : 0
        }
    }
    return made
}

private func isMissing(_ tile: Tile, _ rule: TileRule, _ pixel: Int) -> Bool {
    if tile.masked?[pixel] == true {
        return true
    }
    return tile.bands.contains { !$0[pixel].isFinite || $0[pixel] == rule.noData }
}

/// A plain array, held against its size and range.
public func checkedNumbers(_ values: [Float], _ rule: NumbersRule) throws -> [Float] {
    guard values.count == rule.size, values.allSatisfy({ Double($0) >= rule.low && Double($0) <= rule.high }) else {
        throw InputError("the array has \(rule.size) numbers from \(rule.low) to \(rule.high)")
    }
    return values
}
