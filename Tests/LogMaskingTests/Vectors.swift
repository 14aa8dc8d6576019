import FoundationEssentials
import Testing

/// One line of the vectors: a message, and what the original makes of it.
struct MaskVector: Decodable {
    let log: String
    let masked: String
}

/// Where tests find their data.
enum TestFiles {
    static let package = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    private static let resources = package.appending(path: "Tests/LogMaskingTests/Resources")
    static let generatedVectors = resources.appending(path: "masking-fuzz.ndjson")
    static let unicodeClasses = resources.appending(path: "unicode-classes.txt")
    static let repairs = resources.appending(path: "utf8-repair.txt")
    private static let environment = ProcessInfo.processInfo.environment

    /// The folder with the original's vectors, beside the package unless `OPNILOG_SHARED` says where.
    static let shared =
        environment["OPNILOG_SHARED"].map { URL(filePath: $0) }
        ?? package.deletingLastPathComponent().appending(path: "shared")

    static let realVectors = shared.appending(path: "vectors/masking.ndjson")

    /// Whether a test over the real vectors must run: they are there, or their lack is a failure.
    static var wantsRealVectors: Bool {
        environment["OPNILOG_REQUIRE_ALL"] == "1" || FileManager.default.fileExists(atPath: realVectors.path)
    }

    /// How many lines the differential test generates.
    static var generatedLines: Int {
        environment["OPNILOG_MASK_LINES"].flatMap(Int.init) ?? 16_000
    }

    /// The lines of a text file.
    static func lines(_ file: URL) throws -> [Substring] {
        String(decoding: try Data(contentsOf: file), as: UTF8.self).split(separator: "\n")
    }

    static func vectors(_ file: URL) throws -> [MaskVector] {
        let decoder = JSONDecoder()
        return try Data(contentsOf: file).split(separator: UInt8(ascii: "\n")).map {
            try decoder.decode(MaskVector.self, from: Data($0))
        }
    }
}
