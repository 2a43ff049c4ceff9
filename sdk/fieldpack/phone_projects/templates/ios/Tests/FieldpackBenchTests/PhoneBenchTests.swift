import CoreML
import Foundation
import XCTest

/// Runs the golden vectors and times the flavours; one line of the result file each.
final class PhoneBenchTests: XCTestCase {
    private let settings = ProcessInfo.processInfo.environment

    func testFlavoursAnswerAsTheyMust() throws {
        let project = try Project(folder: try resources())
        let wanted = settings["FIELDPACK_FLAVOUR"]
        let chosen = project.index.flavours.filter { wanted == nil || $0.name == wanted }
        XCTAssertFalse(chosen.isEmpty, "the project has no flavour \(wanted ?? "")")
        let file = try result()
        for flavour in chosen {
            let line = try measured(project, flavour)
            try line.append(to: file)
            XCTAssertEqual(line.reason, "", flavour.name)
        }
    }

    private func measured(_ project: Project, _ flavour: Flavour) throws -> Line {
        let (units, word) = try computeUnits()
        let device = Readings.device()
        var line = Line(
            schema: project.index.resultSchema,
            bundle: project.index.bundle,
            flavour: FlavourName(name: flavour.name, kind: flavour.kind, digest: flavour.digest),
            round: Int(settings["FIELDPACK_ROUND"] ?? "1") ?? 1,
            device: device,
            runner: Runner(runtime: "Core ML of \(device.system) \(device.version), \(word)"),
            startedMs: Readings.wallMilliseconds(),
            thermalBefore: Readings.thermal()
        )
        do {
            try measure(project, flavour, units, &line)
        } catch {
            line.outcome = "failed"
            line.reason = "\(error)"
        }
        line.thermalAfter = Readings.thermal()
        line.endedMs = Readings.wallMilliseconds()
        return line
    }

    private func measure(
        _ project: Project, _ flavour: Flavour, _ units: MLComputeUnits, _ line: inout Line
    ) throws {
        let before = Readings.footprint()
        let loaded = try Loaded(project: project, flavour: flavour, units: units)
        line.loadMs = loaded.loadMs
        line.firstRunMs = try loaded.run(0)
        let fault = try loaded.golden(&line)
        line.reason = fault
        guard fault.isEmpty else { return }
        let count = project.index.count
        line.warmUpsMs = try (0..<project.index.plan.warmUps).map { try loaded.run($0 % count) }
        line.samplesMs = try sample(loaded, project.index)
        if let before, let after = Readings.footprint() {
            line.peakMemoryBytes = max(0, after - before)
        }
        let sorted = line.samplesMs.sorted()
        line.middleMs = percentile(sorted, 0.5)
        line.ninetyMs = percentile(sorted, 0.9)
        line.mostMs = percentile(sorted, 0.99)
        line.outcome = "measured"
    }

    private func sample(_ loaded: Loaded, _ index: Index) throws -> [Double] {
        var samples: [Double] = []
        var total = 0.0
        while total < index.plan.seconds * 1e3 {
            let taken = try loaded.run(samples.count % index.count)
            samples.append(taken)
            total += taken
            if samples.count >= index.plan.samples && total >= index.plan.shortest * 1e3 { break }
        }
        return samples
    }

    /// Between the two nearest of the sorted samples, in proportion.
    private func percentile(_ sorted: [Double], _ share: Double) -> Double {
        let place = share * Double(sorted.count - 1)
        let low = Int(place.rounded(.down))
        let high = min(low + 1, sorted.count - 1)
        return sorted[low] + (sorted[high] - sorted[low]) * (place - Double(low))
    }

    private func computeUnits() throws -> (MLComputeUnits, String) {
        let word = settings["FIELDPACK_UNITS"] ?? "all"
        switch word {
        case "all": return (.all, word)
        case "cpu": return (.cpuOnly, word)
        case "cpu+gpu": return (.cpuAndGPU, word)
        default: throw Fault(description: "FIELDPACK_UNITS is all, cpu or cpu+gpu, not \(word)")
        }
    }

    private func result() throws -> URL {
        let folder = try FileManager.default.url(
            for: .documentDirectory, in: .userDomainMask, appropriateFor: nil, create: true
        )
        let file = folder.appendingPathComponent("@RESULT@")
        if settings["FIELDPACK_FRESH"] == "1" && FileManager.default.fileExists(atPath: file.path) {
            try FileManager.default.removeItem(at: file)
        }
        return file
    }

    private func resources() throws -> URL {
        #if SWIFT_PACKAGE
        let bundle = Bundle.module
        #else
        let bundle = Bundle(for: PhoneBenchTests.self)
        #endif
        guard let folder = bundle.url(forResource: "Resources", withExtension: nil) else {
            throw Fault(description: "the test has no folder Resources")
        }
        return folder
    }
}
