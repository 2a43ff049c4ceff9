import CryptoKit
import Foundation

struct Fault: Error, CustomStringConvertible {
    let description: String
}

struct BundleName: Codable {
    let name: String
    let version: String
    let digest: String
}

/// When a round may stop.
struct Plan: Decodable {
    let warmUps: Int
    let samples: Int
    let seconds: Double
    let shortest: Double

    enum CodingKeys: String, CodingKey {
        case warmUps = "warm_ups"
        case samples
        case seconds
        case shortest = "shortest_s"
    }
}

struct GoldenInput: Decodable {
    let name: String
    let file: String
    let shape: [Int]

    var channels: Int { shape.last ?? 1 }
}

/// One model with its borders and what it must answer.
struct Flavour: Decodable {
    let name: String
    let kind: String
    let digest: String
    let model: String
    let files: [String: String]
    let inputs: [Border]
    let outputs: [Border]
}

struct Index: Decodable {
    let resultSchema: String
    let bundle: BundleName
    let plan: Plan
    let count: Int
    let inputs: [GoldenInput]
    let flavours: [Flavour]

    enum CodingKeys: String, CodingKey {
        case resultSchema = "result_schema"
        case bundle
        case plan
        case count
        case inputs
        case flavours
    }
}

func hexadecimal<Digest: Sequence>(_ digest: Digest) -> String where Digest.Element == UInt8 {
    digest.map { String(format: "%02x", $0) }.joined()
}

/// Everything that the index names, read from the resources of the test.
struct Project {
    let index: Index
    private let folder: URL

    init(folder: URL) throws {
        self.folder = folder
        let content = try Data(contentsOf: folder.appendingPathComponent("index.json"))
        index = try JSONDecoder().decode(Index.self, from: content)
    }

    /// `count` examples of equal length from a file of little-endian float32.
    func examples(_ name: String) throws -> [[Float]] {
        let content = try Data(contentsOf: folder.appendingPathComponent(name))
        let size = content.count / 4 / index.count
        guard size * 4 * index.count == content.count else {
            throw Fault(description: "\(name) does not hold \(index.count) examples")
        }
        let bits = content.withUnsafeBytes { raw in
            (0..<(content.count / 4)).map { raw.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self) }
        }
        let values = bits.map { Float(bitPattern: UInt32(littleEndian: $0)) }
        return (0..<index.count).map { Array(values[($0 * size)..<(($0 + 1) * size)]) }
    }

    /// Where the model lies; refuses one that is not the bundle's.
    func model(_ flavour: Flavour) throws -> URL {
        for (name, expected) in flavour.files {
            let content = try Data(contentsOf: folder.appendingPathComponent(name), options: .alwaysMapped)
            let digest = hexadecimal(SHA256.hash(data: content))
            guard digest == expected else {
                throw Fault(description: "\(name) is not the file of the bundle: \(digest)")
            }
        }
        return folder.appendingPathComponent(flavour.model)
    }
}
