import CoreML
import CryptoKit
import Foundation

/// A flavour in Core ML, with every golden vector ready to be fed.
struct Loaded {
    let loadMs: Double
    private let project: Project
    private let flavour: Flavour
    private let model: MLModel
    private let fed: [MLDictionaryFeatureProvider]

    init(project: Project, flavour: Flavour, units: MLComputeUnits) throws {
        self.project = project
        self.flavour = flavour
        let compiled = try MLModel.compileModel(at: try project.model(flavour))
        let configuration = MLModelConfiguration()
        configuration.computeUnits = units
        let start = Readings.milliseconds()
        model = try MLModel(contentsOf: compiled, configuration: configuration)
        loadMs = Readings.milliseconds() - start
        fed = try Loaded.arguments(project, flavour)
    }

    /// Run one golden vector; milliseconds.
    func run(_ vector: Int) throws -> Double {
        let start = Readings.milliseconds()
        _ = try model.prediction(from: fed[vector])
        return Readings.milliseconds() - start
    }

    /// Hold every output against what it must be; returns what is wrong.
    func golden(_ line: inout Line) throws -> String {
        var faults: [String] = []
        let answers = try fed.map { try model.prediction(from: $0) }
        for border in flavour.outputs {
            let expected = try project.examples(border.file ?? "")
            var largest: Float = 0
            var hash = SHA256()
            for (vector, answer) in answers.enumerated() {
                guard let array = answer.featureValue(for: border.tensor)?.multiArrayValue else {
                    throw Fault(description: "the model gives no array \(border.tensor)")
                }
                let found = try border.fetch(array)
                found.withUnsafeBytes { hash.update(bufferPointer: $0) }
                largest = max(largest, try difference(found, expected[vector]))
            }
            let admitted = border.tolerance ?? 0
            if !(Double(largest) <= admitted) {
                faults.append("output \(border.name) is off by \(largest), admitted \(admitted)")
            }
            let figure = largest.isFinite ? Double(largest) : nil
            line.golden.append(GoldenRow(output: border.name, difference: figure))
            line.outputs[border.name] = hexadecimal(hash.finalize())
        }
        return faults.joined(separator: "; ")
    }

    private func difference(_ found: [Float], _ expected: [Float]) throws -> Float {
        guard found.count == expected.count else {
            throw Fault(description: "\(found.count) values came, not \(expected.count)")
        }
        guard found.allSatisfy({ $0.isFinite }) else { return .infinity }
        return zip(found, expected).map { abs($0 - $1) }.max() ?? 0
    }

    private static func arguments(_ project: Project, _ flavour: Flavour) throws -> [MLDictionaryFeatureProvider] {
        var given: [String: (Border, GoldenInput, [[Float]])] = [:]
        for border in flavour.inputs {
            guard let golden = project.index.inputs.first(where: { $0.name == border.name }) else {
                throw Fault(description: "no golden vectors for input \(border.name)")
            }
            given[border.tensor] = (border, golden, try project.examples(golden.file))
        }
        return try (0..<project.index.count).map { vector in
            let values = try given.mapValues { border, golden, examples in
                MLFeatureValue(multiArray: try border.feed(examples[vector], channels: golden.channels))
            }
            return try MLDictionaryFeatureProvider(dictionary: values)
        }
    }
}
