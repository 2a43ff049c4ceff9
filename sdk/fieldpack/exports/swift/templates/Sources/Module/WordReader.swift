import Foundation

private let taxonColumns = 4
private let lineFeed = UInt8(ascii: "\n")
private let tab = UInt8(ascii: "\t")

/// Files of the bundle, by their paths.
struct Files {
    let folder: URL

    /// The resources of this package.
    static var ours: Files {
        Files(folder: Bundle.module.resourceURL!.appendingPathComponent("Resources"))
    }

    func url(_ path: String) -> URL {
        folder.appendingPathComponent(path)
    }

    /// Refuses files of another bundle, or of a flavour with other tensors.
    func check() throws {
        let text = String(decoding: try data("contract.json"), as: UTF8.self)
        guard text.contains("\"\(Facts.digest)\""), Facts.flavours.contains(where: { text.contains("\"\($0)\"") }) else {
            throw InputError("the files are of another bundle or flavour than \(Facts.name) \(Facts.version)")
        }
    }

    func data(_ path: String) throws -> Data {
        try Data(contentsOf: url(path))
    }
}

/// Labels, thresholds and taxonomy of an output.
func readWords(_ paths: WordFiles, _ files: Files) throws -> Words {
    let taxa = try lines(paths.taxonomy, files).map { line -> Taxon in
        let cells = line.split(separator: tab, maxSplits: taxonColumns - 1, omittingEmptySubsequences: false)
        let texts = cells.map { String(decoding: $0, as: UTF8.self) }
        guard texts.count == taxonColumns, let parent = Int(texts[0]), let leaf = Int(texts[1]) else {
            throw InputError("\(paths.taxonomy) is no taxonomy")
        }
        return Taxon(parent: parent, leaf: leaf, rankLevel: number(texts[2]), name: texts[3])
    }
    let labels = try lines(paths.labels, files).map { String(decoding: $0, as: UTF8.self) }
    let limits = try lines(paths.thresholds, files).map { number(String(decoding: $0, as: UTF8.self)) }
    return Words(labels: labels, thresholds: limits, taxa: taxa)
}

/// The right halves of resampling filters, by the rate of the sound.
func readFilters(_ paths: [Int: String], _ files: Files) throws -> Coefficients {
    try paths.mapValues { reals(try files.data($0)) }
}

/// Little-endian single-precision numbers.
func reals(_ content: Data) -> [Float] {
    content.withUnsafeBytes { raw in
        (0..<(content.count / 4)).map { place in
            let bits = raw.loadUnaligned(fromByteOffset: place * 4, as: UInt32.self)
            return Float(bitPattern: UInt32(littleEndian: bits))
        }
    }
}

private func number(_ text: String) -> Double {
    Double(text) ?? Double.nan
}

private func lines(_ path: String, _ files: Files) throws -> [Data] {
    if path.isEmpty {
        return []
    }
    var found = try files.data(path).split(separator: lineFeed, omittingEmptySubsequences: false)
    if found.last?.isEmpty == true {
        found.removeLast()
    }
    return found
}
