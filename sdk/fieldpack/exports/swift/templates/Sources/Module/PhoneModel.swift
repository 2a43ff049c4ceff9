#if canImport(CoreML)
import CoreML
import CoreGraphics
import Foundation

/// The model in Core ML, with everything around it that the contract states.
public final class PhoneModel {
    private let words: [Words]
    private let filters: [Coefficients]
    private let model: MLModel
    private let frontEnds: [MLModel?]

    /// Compile and load the model; do it once, away from the main thread.
    ///
    /// The files are those of this package, or in a folder, such as one of an asset pack; refused if they are of
    /// another bundle.
    public init(folder: URL? = nil, computeUnits: MLComputeUnits = .all) throws {
        let files = folder.map { Files(folder: $0) } ?? Files.ours
        try files.check()
        let configuration = MLModelConfiguration()
        configuration.computeUnits = computeUnits
        func load(_ path: String) throws -> MLModel {
            let compiled = try MLModel.compileModel(at: files.url(path))
            return try MLModel(contentsOf: compiled, configuration: configuration)
        }
        words = try Facts.words.map { try readWords($0, files) }
        filters = try Facts.filters.map { try readFilters($0, files) }
        model = try load(Facts.model)
        frontEnds = try Facts.frontEnds.map { try $0.map { try load($0.path) } }
    }

    /// One answer; the windows of a recording are joined by the contract's rule.
    public func answer(_ inputs: Inputs) throws -> Answers {
        let rows = try windows(inputs).map { try values($0) }
        let joined = try Facts.outputs.indices.map { output in
            try pooled(rows.map { $0[output] }, Facts.pooling)
        }
        return try answers(joined, words)
    }

    /// One answer for each window of a recording.
    public func answerWindows(_ inputs: Inputs) throws -> [Answers] {
        try windows(inputs).map { window in
            try answers(try values(window).map { row in row.map { Double($0) } }, words)
        }
    }

    /// What the model gives for one prepared example; output by output, in the order of the contract.
    func values(_ example: [[Float]]) throws -> [[Float]] {
        try run(model, Facts.inputBorders, example, Facts.outputBorders)
    }

    private func windows(_ inputs: Inputs) throws -> [[[Float]]] {
        let all = try prepared(inputs, filters).enumerated().map { input, found in
            try found.map { try heard(input, $0) }
        }
        let count = all.map { $0.count }.max() ?? 1
        return (0..<count).map { window in all.map { $0.count == 1 ? $0[0] : $0[window] } }
    }

    /// A window of sound by way of its front-end; everything else as it is.
    private func heard(_ input: Int, _ window: [Float]) throws -> [Float] {
        guard let border = Facts.frontEnds[input], let graph = frontEnds[input] else { return window }
        return try run(graph, [border.input], [window], [border.output])[0]
    }

    private func run(_ model: MLModel, _ inputs: [Border], _ example: [[Float]], _ outputs: [Border]) throws -> [[Float]] {
        var given: [String: MLFeatureValue] = [:]
        for (border, numbers) in zip(inputs, example) {
            given[border.tensor] = MLFeatureValue(multiArray: try array(border, try stored(border, numbers)))
        }
        let answer = try model.prediction(from: try MLDictionaryFeatureProvider(dictionary: given))
        return try outputs.map { border in
            guard let found = answer.featureValue(for: border.tensor)?.multiArrayValue else {
                throw InputError("the model gives no array \(border.tensor)")
            }
            return (0..<border.elements).map { found[key(border.shape, $0)].floatValue }
        }
    }

    private func array(_ border: Border, _ numbers: [Float]) throws -> MLMultiArray {
        let kind: MLMultiArrayDataType
        switch border.dtype {
        case "float16":
            guard #available(iOS 16.0, macOS 13.0, *) else { throw InputError("float16 needs iOS 16 or macOS 13") }
            kind = .float16
        case "int32": kind = .int32
        default: kind = .float32
        }
        let made = try MLMultiArray(shape: border.shape.map { NSNumber(value: $0) }, dataType: kind)
        if kind == .float32 {
            let pointer = made.dataPointer.bindMemory(to: Float.self, capacity: numbers.count)
            for (place, value) in numbers.enumerated() { pointer[place] = value }
        } else {
            for (place, value) in numbers.enumerated() { made[place] = NSNumber(value: value) }
        }
        return made
    }

    /// The index on each axis, whatever the strides are.
    private func key(_ shape: [Int], _ place: Int) -> [NSNumber] {
        var rest = place
        var found = [NSNumber](repeating: 0, count: shape.count)
        for axis in shape.indices.reversed() {
            found[axis] = NSNumber(value: rest % shape[axis])
            rest /= shape[axis]
        }
        return found
    }
}

extension Pixels {
    /// RGB of an upright picture in its own colours, over white; no colour profile is applied where it is RGB.
    public static func from(_ image: CGImage) throws -> Pixels {
        let (width, height) = (image.width, image.height)
        let own = image.colorSpace.flatMap { $0.model == .rgb && $0.supportsOutput ? $0 : nil }
        let space = own ?? CGColorSpaceCreateDeviceRGB()
        var bytes = [UInt8](repeating: 255, count: width * height * 4)
        let drawn = bytes.withUnsafeMutableBytes { raw -> Bool in
            guard let context = CGContext(
                data: raw.baseAddress,
                width: width,
                height: height,
                bitsPerComponent: 8,
                bytesPerRow: width * 4,
                space: space,
                bitmapInfo: CGImageAlphaInfo.noneSkipLast.rawValue
            ) else { return false }
            context.draw(image, in: CGRect(x: 0, y: 0, width: width, height: height))
            return true
        }
        guard drawn else { throw InputError("a picture of \(width) by \(height) pixels cannot be drawn") }
        for place in 0..<(width * height) { bytes[place * 4 + 3] = 255 }
        return try fromRgba(width: width, height: height, rgba: bytes)
    }
}
#endif
