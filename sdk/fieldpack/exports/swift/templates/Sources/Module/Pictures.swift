private let white = 255

/// Pixels row by row, `channels` bytes each, 0..255.
public struct Pixels {
    public let width: Int
    public let height: Int
    public let channels: Int
    public let data: [UInt8]

    public init(width: Int, height: Int, channels: Int, data: [UInt8]) throws {
        guard width > 0, height > 0, data.count == width * height * channels else {
            throw InputError("\(data.count) bytes are no picture of \(width) by \(height) pixels")
        }
        self.init(width, height, channels, data)
    }

    init(_ width: Int, _ height: Int, _ channels: Int, _ data: [UInt8]) {
        self.width = width
        self.height = height
        self.channels = channels
        self.data = data
    }

    /// RGB of RGBA bytes that are not premultiplied; transparency is laid on white.
    public static func fromRgba(width: Int, height: Int, rgba: [UInt8]) throws -> Pixels {
        guard width > 0, height > 0, rgba.count == width * height * 4 else {
            throw InputError("\(rgba.count) bytes are no RGBA picture of \(width) by \(height) pixels")
        }
        var data = [UInt8](repeating: 0, count: width * height * 3)
        for place in 0..<(width * height) {
            let alpha = Int(rgba[place * 4 + 3])
            for channel in 0..<3 {
                data[place * 3 + channel] = overWhite(Int(rgba[place * 4 + channel]), alpha)
            }
        }
        return Pixels(width, height, 3, data)
    }

    /// The pixels as the numbers 0..255.
    var numbers: [Float] { data.map { Float($0) } }
}

private func overWhite(_ value: Int, _ alpha: Int) -> UInt8 {
    if alpha == 255 {
        return UInt8(value)
    }
    let sum = ((value * alpha + white * (255 - alpha)) << 7) + (0x80 << 7)
    return UInt8((((sum >> 8) + sum) >> 8) >> 7)
}

/// The pixels of the contract: colour order, crop, resize, padding; of an upright RGB picture of any size.
public func prepareImage(_ picture: Pixels, _ rule: ImageRule) throws -> Pixels {
    guard picture.channels == 3 else {
        throw InputError("a picture has \(picture.channels) channels; give RGB")
    }
    let colored = rule.colorOrder == .gray ? gray(picture) : picture
    let sized: Pixels
    switch rule.fit {
    case .pad(let value):
        sized = padded(colored, rule, UInt8(value))
    case .centerCrop(let fraction):
        sized = resized(centre(colored, rule, fraction), rule.width, rule.height, rule.method)
    case .stretch:
        sized = resized(colored, rule.width, rule.height, rule.method)
    }
    return rule.colorOrder == .bgr ? swapped(sized) : sized
}

private func gray(_ pixels: Pixels) -> Pixels {
    let data = (0..<(pixels.width * pixels.height)).map { place -> UInt8 in
        let red = Int(pixels.data[place * 3]) * 19595
        let green = Int(pixels.data[place * 3 + 1]) * 38470
        let blue = Int(pixels.data[place * 3 + 2]) * 7471
        return UInt8((red + green + blue + 0x8000) >> 16)
    }
    return Pixels(pixels.width, pixels.height, 1, data)
}

private func swapped(_ pixels: Pixels) -> Pixels {
    let data = pixels.data.indices.map { pixels.data[$0 + 2 - 2 * ($0 % 3)] }
    return Pixels(pixels.width, pixels.height, 3, data)
}

private func rounded(_ value: Double) -> Int {
    max(1, Int((value + 0.5).rounded(.down)))
}

private func centre(_ picture: Pixels, _ rule: ImageRule, _ fraction: Double) -> Pixels {
    let across = Double(picture.width) / Double(rule.width)
    let down = Double(picture.height) / Double(rule.height)
    let scale = min(across, down) * fraction
    let width = min(picture.width, rounded(Double(rule.width) * scale))
    let height = min(picture.height, rounded(Double(rule.height) * scale))
    let left = (picture.width - width) / 2
    let top = (picture.height - height) / 2
    let row = width * picture.channels
    var data: [UInt8] = []
    for y in top..<(top + height) {
        let from = (y * picture.width + left) * picture.channels
        data += picture.data[from..<(from + row)]
    }
    return Pixels(width, height, picture.channels, data)
}

private func padded(_ picture: Pixels, _ rule: ImageRule, _ value: UInt8) -> Pixels {
    let across = Double(rule.width) / Double(picture.width)
    let scale = min(across, Double(rule.height) / Double(picture.height))
    let width = min(rule.width, rounded(Double(picture.width) * scale))
    let height = min(rule.height, rounded(Double(picture.height) * scale))
    let inner = resized(picture, width, height, rule.method)
    let channels = inner.channels
    var data = [UInt8](repeating: value, count: rule.width * rule.height * channels)
    let left = (rule.width - width) / 2
    let top = (rule.height - height) / 2
    for y in 0..<height {
        let to = ((top + y) * rule.width + left) * channels
        let row = inner.data[(y * width * channels)..<((y + 1) * width * channels)]
        data.replaceSubrange(to..<(to + width * channels), with: row)
    }
    return Pixels(rule.width, rule.height, channels, data)
}
