import Foundation
import XCTest
@testable import @MODULE@

/// Holds preprocessing and post-processing against what the Python reference answered when this was written.
final class MathsTests: XCTestCase {
    private let folder = Bundle.module.resourceURL!.appendingPathComponent("maths")

    func testInputsAreThoseOfTheReference() throws {
        let filters = try Facts.filters.map { try readFilters($0, Files.ours) }
        for input in Facts.inputBorders.indices {
            for item in cases("input-\(input)/source") {
                let windows = try prepare(input, try doubles("input-\(input)/source-\(item)"), filters)
                let expected = try singles("input-\(input)/prepared-\(item)")
                near("input \(input), case \(item)", expected, windows.flatMap { $0.map { Double($0) } })
                if item == 0 {
                    let border = Facts.frontEnds[input]?.input ?? Facts.inputBorders[input]
                    let found = try stored(border, windows[0]).map { Double($0) }
                    near("feature of input \(input)", try singles("input-\(input)/stored-0"), found)
                }
            }
        }
    }

    func testScoresAreThoseOfTheReference() throws {
        for output in Facts.outputs.indices {
            let words = try readWords(Facts.words[output], Files.ours)
            for item in cases("output-\(output)/values") {
                let values = try doubles("output-\(output)/values-\(item)")
                let answer = try Answer(rule: Facts.outputs[output], values: values, words: words)
                XCTAssertEqual(words.labels.count, answer.scores.count)
                near("output \(output)", try doubles("output-\(output)/scores-\(item)"), answer.scores)
                if there("output-\(output)/rolled-\(item)") {
                    let rolled = rollUp(words.taxa, answer.scores)
                    near("rollup of \(output)", try doubles("output-\(output)/rolled-\(item)"), rolled)
                }
            }
        }
    }

    private func prepare(_ input: Int, _ source: [Double], _ filters: [Coefficients]) throws -> [[Float]] {
        switch input {
@CASES@
        default: throw InputError("no input \(input)")
        }
    }

    private func cases(_ name: String) -> [Int] {
        Array((0..<1000).prefix { there("\(name)-\($0)") })
    }

    private func there(_ name: String) -> Bool {
        FileManager.default.fileExists(atPath: folder.appendingPathComponent("\(name).f64").path)
    }

    private func singles(_ name: String) throws -> [Double] {
        reals(try Data(contentsOf: folder.appendingPathComponent("\(name).f32"))).map { Double($0) }
    }

    private func doubles(_ name: String) throws -> [Double] {
        let content = try Data(contentsOf: folder.appendingPathComponent("\(name).f64"))
        return content.withUnsafeBytes { raw in
            (0..<(content.count / 8)).map { place in
                let bits = raw.loadUnaligned(fromByteOffset: place * 8, as: UInt64.self)
                return Double(bitPattern: UInt64(littleEndian: bits))
            }
        }
    }

    private func near(_ what: String, _ expected: [Double], _ found: [Double]) {
        XCTAssertEqual(expected.count, found.count, what)
        for (wanted, came) in zip(expected, found) where !(wanted.isNaN && came.isNaN) {
            XCTAssertLessThanOrEqual(abs(came - wanted), 1e-6 * (1 + abs(wanted)), what)
        }
    }
}

private func pictureOf(_ numbers: [Double]) throws -> Pixels {
    let data = numbers.dropFirst(2).map { UInt8($0) }
    return try Pixels(width: Int(numbers[0]), height: Int(numbers[1]), channels: 3, data: data)
}

private func recordingOf(_ numbers: [Double]) throws -> Recording {
    let size = Int(numbers[2])
    let channels = (0..<Int(numbers[1])).map { channel in
        (0..<size).map { Float(numbers[3 + channel * size + $0]) }
    }
    return Recording(sampleRateHz: Int(numbers[0]), channels: channels)
}

private func placeOf(_ numbers: [Double]) throws -> Place {
    Place(
        latitudeDegrees: numbers[0],
        longitudeDegrees: numbers[1],
        elevationM: numbers[2].isNaN ? nil : numbers[2],
        week: numbers[3] < 0 ? nil : Int(numbers[3]),
        features: Array(numbers.dropFirst(4))
    )
}

/// A tile begins with the number of its bands.
private func tileOf(_ numbers: [Double]) throws -> Tile {
    let bands = Int(numbers[0])
    let size = (numbers.count - 1) / bands
    return Tile(bands: (0..<bands).map { Array(numbers[(1 + $0 * size)..<(1 + ($0 + 1) * size)]) })
}

private func numbersOf(_ values: [Double]) throws -> [Float] {
    values.map { Float($0) }
}
