import Foundation

struct FlavourName: Encodable {
    let name: String
    let kind: String
    let digest: String
}

struct Device: Encodable {
    let model: String
    let system: String
    let version: String
    let processor: String
    let emulated: Bool
}

struct Runner: Encodable {
    let kind = "xctest"
    let runtime: String
    let threads = 1
}

struct GoldenRow: Encodable {
    let output: String
    let difference: Double?
}

/// One line of the result file: one round of one flavour.
struct Line: Encodable {
    let schema: String
    let bundle: BundleName
    let flavour: FlavourName
    let round: Int
    let device: Device
    let runner: Runner
    let startedMs: Int64
    let thermalBefore: String
    var thermalAfter = ""
    var endedMs: Int64 = 0
    var outcome = "failed"
    var reason = ""
    var golden: [GoldenRow] = []
    var outputs: [String: String] = [:]
    var loadMs: Double?
    var firstRunMs: Double?
    var warmUpsMs: [Double] = []
    var samplesMs: [Double] = []
    var middleMs: Double?
    var ninetyMs: Double?
    var mostMs: Double?
    var peakMemoryBytes: Int64?

    enum CodingKeys: String, CodingKey {
        case schema, bundle, flavour, round, device, runner, outcome, reason, golden, outputs
        case startedMs = "started_ms"
        case endedMs = "ended_ms"
        case thermalBefore = "thermal_before"
        case thermalAfter = "thermal_after"
        case loadMs = "load_ms"
        case firstRunMs = "first_run_ms"
        case warmUpsMs = "warm_ups_ms"
        case samplesMs = "samples_ms"
        case middleMs = "p50_ms"
        case ninetyMs = "p90_ms"
        case mostMs = "p99_ms"
        case peakMemoryBytes = "peak_memory_bytes"
    }

    func append(to file: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var content = try encoder.encode(self)
        content.append(10)
        if !FileManager.default.fileExists(atPath: file.path) {
            try Data().write(to: file)
        }
        let handle = try FileHandle(forWritingTo: file)
        try handle.seekToEnd()
        try handle.write(contentsOf: content)
        try handle.synchronize()
        try handle.close()
    }
}
