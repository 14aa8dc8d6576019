import FoundationEssentials
import LogDataset
import LogMasking
import OpniLogTraining

/// What a run leaves about itself: what was read, with which settings, and what came of it. No secrets, no content of
/// a log.
struct Manifest: Codable, Sendable {
    /// The version of this form; a reader refuses a larger one.
    var format = 1
    var program: Program
    /// An `Outcome`: `partial` where `read.holes` is not empty or `read.stopped` is there.
    var outcome = Outcome.complete.rawValue
    var startedAt: String
    var finishedAt = ""
    var seconds = 0.0
    var peakResidentBytes = 0
    /// Every setting as it was written, defaults included.
    var settings: [String: String]
    /// Digests of what settings name, as it was when the run began; nil in manifests of older versions.
    var contents: [String: String]?
    var read: Reading?
    var table: Table?
    /// The plan of the draws and steps, the vocabulary's size, the shares that it does not cover.
    var dataset: DatasetSummary?
    /// What the training came to: figures, times, libtorch's build, threads, digest of the tensors.
    var training: TrainingReport?

    enum Outcome: String {
        case complete, partial
    }

    struct Program: Codable, Sendable {
        var name = "opnilog-train"
        var version = Version.text
        var command: String
    }

    /// What was read from the source.
    struct Reading: Codable, Sendable {
        var source: String
        var lines: UInt64
        var bytes: UInt64
        var documentsWithoutField: UInt64
        var badLines: UInt64
        /// Windows, and documents in them, that were taken over from an earlier run.
        var windowsReused: Int?
        var documentsReused: UInt64?
        /// Lines that the cleaning left out.
        var dropped: DroppedLines
        /// What the query left out.
        var exclusions: [Exclusion]
        /// Windows that were begun anew after a failure.
        var restarts: UInt64
        /// Messages that were cut for their length, and the bytes cut off.
        var cutMessages: UInt64
        var cutBytes: UInt64
        /// How often an operator's mask was given up on.
        var masksGivenUp: UInt64
        var windows: [Window]
        /// What was asked for and could not be read.
        var holes: [Hole]
        /// How a limit ended the reading.
        var stopped: StoppedReading?

        init(_ report: CollectionReport, monitor: CollectionMonitor.Snapshot) {
            source = report.source
            lines = report.total.lines
            bytes = report.total.bytes
            documentsWithoutField = report.total.documentsWithoutField
            badLines = report.total.badLines
            windowsReused = report.reused.count
            documentsReused = report.reused.reduce(0) { $0 + $1.tally.documents }
            dropped = report.total.dropped
            exclusions = report.exclusions
            restarts = monitor.restarts
            cutMessages = report.total.masking.cutMessages
            cutBytes = report.total.masking.cutBytes
            masksGivenUp = report.total.masking.givenUp
            windows = report.windows.map { Window($0) }
            holes = report.holes
            stopped = report.stopped
        }
    }

    /// A window that was read.
    struct Window: Codable, Sendable {
        var name: String
        var expectedDocuments: Int?
        var tally: WindowTally
        /// Whether it was taken over from an earlier run.
        var isReused: Bool?
        /// What the source has to say of it.
        var details: ManifestJSON?

        init(_ window: CollectionReport.Window) {
            name = window.name
            expectedDocuments = window.expectedDocuments
            tally = window.tally
            isReused = window.isReused
            if !window.details.isEmpty {
                details =
                    (try? JSONDecoder().decode(ManifestJSON.self, from: Data(window.details)))
                    ?? .text(String(decoding: window.details, as: UTF8.self))
            }
        }
    }

    /// The table that the reading left or that the run started from.
    struct Table: Codable, Sendable {
        var tableDigest: String
        var splitDigest: String
        var rulesDigest: String
        /// The operator's own masks among the rules.
        var maskNames: [String]?
        /// What was left out for what it says, as a digest; nil where nothing was.
        var cleaningDigest: String?
        var lines: UInt64
        var templates: UInt64
        var heldOutLines: UInt64
        var heldOutBy: String
        /// The hours of the logs' own times; nil where no line has one.
        var times: Times?

        init(_ metadata: TableMetadata) {
            tableDigest = metadata.tableDigest
            splitDigest = metadata.splitDigest
            rulesDigest = metadata.rulesDigest
            maskNames = metadata.maskNames
            cleaningDigest = metadata.cleaningDigest
            lines = metadata.lines
            templates = metadata.templates
            heldOutLines = metadata.heldOutLines
            heldOutBy = metadata.heldOutBy.rawValue
            times = Times(metadata.hours)
        }
    }

    /// From the beginning of the first hour to the end of the last.
    struct Times: Codable, Sendable, Equatable {
        var from: String
        var to: String
        var untimedLines: UInt64

        init?(_ hours: [TableMetadata.HourCount]) {
            let starts = hours.compactMap(\.hour.milliseconds)
            guard let first = starts.min(), let last = starts.max() else { return nil }
            from = ISO8601.text(first)
            to = ISO8601.text(last + 3_600_000)
            untimedLines = hours.reduce(0) { $0 + ($1.hour == .none ? $1.lines : 0) }
        }
    }

    /// The manifest of a run that begins.
    ///
    /// - Throws: what cannot be read of the files that settings name.
    init(_ settings: Settings) throws {
        program = Program(command: settings.command.rawValue)
        startedAt = ISO8601.text(RunClock.start.milliseconds)
        self.settings = settings.recorded
        contents = try RunFingerprint.contents(settings)
    }

    /// Records what was read, and whether anything is missing.
    mutating func note(_ report: CollectionReport, monitor: CollectionMonitor.Snapshot) {
        read = Reading(report, monitor: monitor)
        outcome = (report.isComplete ? Outcome.complete : .partial).rawValue
    }

    /// The manifest at a path; nil if there is none that this program understands.
    static func read(_ path: String) -> Manifest? {
        guard let bytes = try? SmallFile.read(path, atMost: 1 << 30) else { return nil }
        let manifest = try? JSONDecoder().decode(Manifest.self, from: Data(bytes))
        return manifest.flatMap { $0.format == 1 ? $0 : nil }
    }

    /// Fills in what is known at the end, and writes the file, last of all that a run leaves: after the card of a
    /// model.
    mutating func finish(in output: OutputFolder) throws {
        let now = RunClock.now()
        finishedAt = ISO8601.text(now)
        seconds = Double(now - RunClock.processStart.milliseconds) / 1000
        peakResidentBytes = ProcessMemory.peak()
        try ModelCard(self)?.write(in: output)
        try output.write(encoded(), to: .manifest)
    }

    private func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
    }
}
