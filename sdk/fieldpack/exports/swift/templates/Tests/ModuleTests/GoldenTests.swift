#if canImport(CoreML)
import Foundation
import XCTest
@testable import @MODULE@

/// Runs golden vectors of the bundle in Core ML; each number lies within the tolerance of the build.
final class GoldenTests: XCTestCase {
    private let count = @GOLDEN_COUNT@
    private let tolerances: [Double] = [@TOLERANCES@]

    func testTheModelAnswersAsItDidWhenItWasBuilt() throws {
        let inputs = try Facts.inputBorders.indices.map { try examples("input-\($0)") }
        let expected = try Facts.outputBorders.indices.map { try examples("output-\($0)") }
        let model = try PhoneModel()
        for example in 0..<count {
            let found = try model.values(inputs.map { $0[example] })
            for (output, values) in found.enumerated() {
                near(output, expected[output][example], values)
            }
        }
    }

    private func near(_ output: Int, _ expected: [Float], _ found: [Float]) {
        XCTAssertEqual(expected.count, found.count)
        for (wanted, came) in zip(expected, found) {
            XCTAssertLessThanOrEqual(Double(abs(came - wanted)), tolerances[output], "output \(output)")
        }
    }

    private func examples(_ name: String) throws -> [[Float]] {
        let folder = Bundle.module.resourceURL!.appendingPathComponent("golden")
        let numbers = reals(try Data(contentsOf: folder.appendingPathComponent("\(name).f32")))
        let size = numbers.count / count
        return (0..<count).map { Array(numbers[($0 * size)..<(($0 + 1) * size)]) }
    }
}
#endif
