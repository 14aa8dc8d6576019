import FoundationEssentials
import OpenSearchScroll

/// The proof that an extraction leaves: what was asked for, what was delivered of each window, what could not be read.
/// No secrets, no content of a document.
struct ExtractionManifest: Codable, Sendable {
    static let currentFormat = 1

    /// The version of this form; a reader refuses a larger one.
    var format = currentFormat
    var program = Program()
    /// `complete`, or `partial` where there are holes.
    var outcome: String
    var startedAt: String
    var finishedAt: String
    /// Runs that it took, 1 unless it was cut off.
    var runs: Int
    var query: Query
    /// Which documents, as it was written.
    var settings: [String: String]
    /// The name of the output in its folder; nil for a stream, and in manifests of older versions.
    var output: String?
    /// The servers, as they were given.
    var endpoints: [String]
    /// Nil where it may not be known.
    var serverVersion: String?
    /// Documents by the name of their index: as planned, and as delivered.
    var indices: [String: ExtractionCheckpoint.Documents]
    /// Windows that were read whole, of earlier runs put together with their neighbours.
    var windows: [Stretch]
    /// Windows of which something is missing, with what was delivered all the same.
    var partialWindows: [Stretch]
    var holes: [Hole]
    var totals: Totals
    /// Of the last run.
    var requests: [String: Requests]

    struct Program: Codable, Sendable {
        var name = "opnilog-train"
        var version = Version.text
        var command = "extract"
    }

    /// Times in milliseconds since 1970.
    struct Query: Codable, Sendable {
        var index: String
        var body: String?
        var since: Int64?
        var until: Int64?
        var includesUntimed: Bool
        var field = "_source"
        var timeField: String
    }

    /// Times in milliseconds since 1970, absent for the documents without a time; shards absent for all of them.
    struct Stretch: Codable, Sendable {
        var since: Int64?
        var until: Int64?
        var firstShard: Int?
        var lastShard: Int?
        var windows: Int
        /// Documents in the snapshot that was read to its end.
        var total: Int
        var delivered: Int
        var digest: IDDigest
        var scrolls: Int
        var retries: Int
        /// Delivered documents that the last snapshot no longer held.
        var drift: Int
    }

    struct Hole: Codable, Sendable {
        var since: Int64?
        var until: Int64?
        var shard: Int?
        var index: String?
        var documents: Int?
        var reason: String
    }

    struct Totals: Codable, Sendable {
        /// Documents in the output, each once.
        var documents: Int
        /// Bytes of the output.
        var bytes: Int
        /// Over the documents in the output.
        var digest: IDDigest
        var windows: Int
        var scrolls: Int
        var retries: Int
        /// Documents in the output that the last snapshot of their window did not hold.
        var drift: Int
        var repairedDocuments: Int
        var documentsWithoutSource: Int
        /// Of the last run: scrolls opened again after a loss, and scrolls put aside while the output was waited for.
        var reopened: Int
        var parked: Int
        var peakResidentBytes: Int
    }

    struct Requests: Codable, Sendable {
        var succeeded: Int
        var failed: [String: Int]
        var seconds: Double
    }

    func write(_ path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try AtomicFile.write(Array(try encoder.encode(self)) + [UInt8(ascii: "\n")], to: path)
    }

    /// - Throws: `noUsableLog` when there is none, or none that this version knows.
    static func read(_ path: String) throws(CommandError) -> ExtractionManifest {
        let other = "name the manifest that extract left"
        let bytes: [UInt8]
        do {
            bytes = try SmallFile.read(path, atMost: 1 << 30)
        } catch {
            throw CommandError(.noUsableLog, "\(path) cannot be read: \(error.reason)", remedy: other)
        }
        if bytes.isEmpty { throw CommandError(.noUsableLog, "\(path) is empty", remedy: other) }
        let head: Head?
        do {
            head = try JSONDecoder().decode(Head.self, from: Data(bytes))
        } catch DecodingError.dataCorrupted {
            throw CommandError(.noUsableLog, "\(path) is no JSON, or is cut off", remedy: other)
        } catch {
            head = nil
        }
        guard let head, head.program?.command == "extract" else {
            throw CommandError(.noUsableLog, "\(path) is no manifest of extract", remedy: other)
        }
        guard head.format == currentFormat else {
            throw CommandError(
                .noUsableLog, "\(path) is of format \(head.format ?? 0), which this version does not know",
                remedy: "use the version that wrote it")
        }
        // The decoder's own words are for programmers.
        guard let manifest = try? JSONDecoder().decode(ExtractionManifest.self, from: Data(bytes)) else {
            throw damaged(path, "what a manifest of extract has is missing in it, or is something else there")
        }
        return manifest
    }

    static func damaged(_ path: String, _ what: String) -> CommandError {
        CommandError(.noUsableLog, "\(path) is damaged: \(what)", remedy: "extract again")
    }

    /// What tells a manifest of `extract` from other JSON.
    private struct Head: Decodable {
        struct Program: Decodable { var command: String? }
        var format: Int?
        var program: Program?
    }
}

extension ExtractionManifest.Stretch {
    init(_ stretch: ScrollStretch) {
        since = stretch.times?.lowerBound
        until = stretch.times?.upperBound
        firstShard = stretch.shards?.lowerBound
        lastShard = stretch.shards.map { $0.upperBound - 1 }
        windows = stretch.windows
        total = stretch.total
        delivered = stretch.delivered
        digest = stretch.digest
        scrolls = stretch.scrolls
        retries = stretch.retries
        drift = stretch.drift
    }
}

extension ExtractionManifest.Hole {
    init(_ hole: ScrollHole) {
        since = hole.window?.times?.lowerBound
        until = hole.window?.times?.upperBound
        shard = hole.window?.shard
        index = hole.index
        documents = hole.documents
        reason = hole.reason
    }
}

extension ExtractionManifest.Requests {
    init(_ requests: ScrollMetrics.Requests) {
        succeeded = requests.succeeded
        failed = Dictionary(uniqueKeysWithValues: requests.failed.map { ("\($0.key)", $0.value) })
        seconds = requests.seconds
    }
}
