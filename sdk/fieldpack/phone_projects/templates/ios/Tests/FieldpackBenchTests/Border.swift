import CoreML
import Foundation

/// How one input or output of the contract meets a feature of the model, as the index says.
struct Border: Decodable {
    let name: String
    let tensor: String
    let shape: [Int]
    let dtype: String
    let layout: String?
    let scale: [Float]?
    let offset: [Float]?
    let file: String?
    let tolerance: Double?

    var elements: Int { shape.reduce(1, *) }

    /// What the feature takes for one example, whose last axis counts channels.
    func feed(_ example: [Float], channels: Int) throws -> MLMultiArray {
        guard example.count == elements else {
            throw Fault(description: "input \(name) has \(example.count) values, not \(elements)")
        }
        let array = try MLMultiArray(shape: shape.map { NSNumber(value: $0) }, dataType: kind())
        let places = elements / channels
        for target in 0..<elements {
            let first = target % places * channels + target / places
            let source = layout == "NCHW" ? first : target
            let value = scaled(example[source], source % channels)
            array[target] = dtype == "int32" ? NSNumber(value: Int32(value)) : NSNumber(value: value)
        }
        return array
    }

    /// The real numbers that a feature holds.
    func fetch(_ array: MLMultiArray) throws -> [Float] {
        guard array.shape.map({ $0.intValue }) == shape else {
            throw Fault(description: "\(name) has shape \(array.shape), not \(shape)")
        }
        return (0..<elements).map { array[key($0)].floatValue }
    }

    private func scaled(_ value: Float, _ channel: Int) -> Float {
        guard let factors = scale, let shifts = offset else { return value }
        return value * factors[channel % factors.count] + shifts[channel % shifts.count]
    }

    private func kind() throws -> MLMultiArrayDataType {
        switch dtype {
        case "float32": return .float32
        case "float16":
            if #available(iOS 16.0, macOS 13.0, *) { return .float16 }
            throw Fault(description: "float16 needs iOS 16 or macOS 13")
        case "int32": return .int32
        default: throw Fault(description: "no feature of type \(dtype)")
        }
    }

    /// The index on each axis, whatever the strides are.
    private func key(_ place: Int) -> [NSNumber] {
        var rest = place
        var found = [NSNumber](repeating: 0, count: shape.count)
        for axis in shape.indices.reversed() {
            found[axis] = NSNumber(value: rest % shape[axis])
            rest /= shape[axis]
        }
        return found
    }
}
