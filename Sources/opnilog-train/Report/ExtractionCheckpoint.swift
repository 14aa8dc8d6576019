import FoundationEssentials
import OpenSearchScroll

/// What an extraction that was cut off needs to go on: at most 64 KiB, however much has been read.
struct ExtractionCheckpoint: Codable, Sendable {
    static let currentFormat = 1
    /// More stretches than this leave the rest of the 64 KiB to names; what does not fit is read again.
    static let mostStretches = 160
    /// Bytes of index names; what is in further indices is only summed.
    private static let mostNameBytes = 16 << 10

    /// The version of this form.
    var format = currentFormat
    /// When the first run began, in milliseconds since 1970.
    var startedAt: Int64
    /// Runs so far, the one under way included.
    var runs = 1
    /// Which documents, as it was written.
    var settings: [String: String]
    /// The query's limits as the first run resolved them.
    var since: Int64?
    var until: Int64?
    /// What of the output is surely whole.
    var output = ExtractionLedger.Extent()
    /// From where on the output may hold documents of windows that are not among the stretches.
    var scanFrom = 0
    /// Windows that were read whole, neighbours put together.
    var stretches: [ScrollStretch] = []
    /// By the name of the index.
    var indices: [String: Documents] = [:]
    /// In indices whose names do not fit.
    var otherIndices = Documents()
    var repairedDocuments = 0
    var documentsWithoutSource = 0

    struct Documents: Codable, Sendable, Equatable {
        var planned = 0
        var delivered = 0
    }

    /// Takes the indices of a plan in, as far as there is room.
    mutating func plan(_ planned: [String: Int]) {
        // What of further indices an earlier plan had has no name any more.
        if otherIndices.planned > 0 { return }
        var room = Self.mostNameBytes
        for name in indices.keys { room -= name.utf8.count + 40 }
        for (name, documents) in planned.sorted(by: { $0.value > $1.value }) {
            if let known = indices[name] {
                indices[name]?.planned = max(known.planned, documents)
                continue
            }
            room -= name.utf8.count + 40
            if room >= 0 {
                indices[name] = Documents(planned: documents)
            } else {
                otherIndices.planned += documents
            }
        }
    }

    /// Notes what has been delivered in all.
    mutating func deliver(_ delivered: [String: Int]) {
        otherIndices.delivered = 0
        for name in indices.keys { indices[name]?.delivered = 0 }
        for (name, documents) in delivered {
            if indices[name] != nil {
                indices[name]?.delivered = documents
            } else {
                otherIndices.delivered += documents
            }
        }
    }

    /// Delivered documents by index; those of further indices have no name.
    var delivered: [String: Int] {
        var delivered = indices.mapValues(\.delivered)
        if otherIndices.delivered > 0 { delivered[""] = otherIndices.delivered }
        return delivered
    }

    /// Where documents of indices without a name here are unread: nobody can tell whether they are still there.
    var otherHole: ScrollHole? {
        let missing = otherIndices.planned - otherIndices.delivered
        guard missing > 0 else { return nil }
        return ScrollHole(
            documents: missing,
            reason: "something is unread of indices whose names the checkpoint has no room for; extract anew, in "
                + "parts, by --index")
    }

    // MARK: Files

    /// The checkpoint at a path; nil if there is none.
    static func read(_ path: String) throws(CommandError) -> ExtractionCheckpoint? {
        guard let bytes = try? SmallFile.read(path, atMost: 1 << 20) else { return nil }
        let remedy = "go on with the version that wrote it, or start anew with --overwrite"
        guard let checkpoint = try? JSONDecoder().decode(ExtractionCheckpoint.self, from: Data(bytes)) else {
            throw .usage("\(path) is no checkpoint of extract", remedy: remedy)
        }
        guard checkpoint.format == currentFormat else {
            throw .usage("\(path) is of format \(checkpoint.format), which this version does not know", remedy: remedy)
        }
        return checkpoint
    }

    /// Replaces the file at a path.
    func write(_ path: String) throws(CommandError) {
        try AtomicFile.write(encoded, to: path)
    }

    var encoded: [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(self) else { preconditionFailure("no JSON for a checkpoint") }
        return Array(data) + [UInt8(ascii: "\n")]
    }
}

/// The settings that say which documents an extraction is about.
enum ExtractionFingerprint {
    private static let specs: [OptionSpec] = [
        Options.index.spec, Options.query.spec, Options.since.spec, Options.until.spec, Options.lag.spec,
        Options.timeField.spec,
    ]
    /// Longer queries are told apart by a digest.
    private static let longestText = 4 << 10

    /// - Parameter body: the query itself, wherever it came from.
    static func of(_ settings: Settings, body: String?) -> [String: String] {
        let recorded = settings.recorded
        var fingerprint: [String: String] = [:]
        for spec in specs { fingerprint[spec.name] = recorded[spec.name].map(bounded) }
        fingerprint[Options.query.spec.name] = body.map(bounded)
        return fingerprint
    }

    private static func bounded(_ text: String) -> String {
        text.utf8.count <= longestText ? text : "\(text.utf8.count) bytes, digest \(IDDigest(of: text))"
    }

    /// Throws `usage` where they differ.
    static func check(_ before: [String: String], _ now: [String: String], of path: String) throws(CommandError) {
        for spec in specs where before[spec.name] != now[spec.name] {
            let (old, new) = (before[spec.name] ?? "none", now[spec.name] ?? "none")
            throw .usage(
                "\(path) was begun with another \(spec.flag): \(old) there, \(new) now",
                remedy: "give the same, or another --output, or --overwrite to start anew")
        }
    }
}
