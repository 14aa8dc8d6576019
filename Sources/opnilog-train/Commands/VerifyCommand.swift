import Glibc
import OpenSearchScroll

/// `verify`: a manifest of extract against what the server holds now.
enum VerifyCommand {
    static func run(_ context: RunContext) async throws -> ExitCode {
        let settings = context.settings
        guard let path = settings[Options.manifest] else { throw CommandError.usage("the manifest is missing") }
        let manifest = try ExtractionManifest.read(path)
        let (query, records) = (manifest.scrollQuery, try manifest.records(path))
        let expected = try manifest.expected(records, path)
        let client = try client(context, manifest)
        let countsOnly = settings[Options.counts]
        let otherSize = manifest.otherSize(beside: path)
        let console = context.console
        console.begin("comparing", unit: "documents", total: expected)
        let progress: @Sendable (Int) -> Void = { seen in console.update { $0.done = seen } }
        let differences =
            countsOnly
            ? try await client.countDifferences(from: records, of: query, progress: progress)
            : try await client.differences(from: records, of: query, progress: progress)
        console.endStage()
        var output = ResultWriter()
        if let otherSize { try output.write(line: otherSize) }
        for difference in differences { try output.write(line: describe(difference)) }
        let equal = otherSize == nil ? "equal" : "the index is equal"
        try output.write(line: summary(differences, expected, windows: manifest.totals.windows, countsOnly, equal))
        try output.flush()
        return differences.isEmpty && otherSize == nil ? .complete : .partial
    }

    private static func client(_ context: RunContext, _ manifest: ExtractionManifest) throws -> OpenSearchClient {
        var configuration = try OpenSearchSettings.configuration(context.settings, context.console)
        if configuration.endpoints.isEmpty { configuration.endpoints = manifest.endpoints }
        configuration.parallel = context.settings[Options.parallel]
        return try OpenSearchClient(configuration: configuration)
    }

    static func describe(_ difference: DeliveryDifference) -> String {
        let what: String
        let count = difference.found - difference.delivered
        if count > 0 {
            what = "\(documents(count)) more than the \(Figures.grouped(difference.delivered)) of the manifest"
        } else if count < 0 {
            what = "\(documents(-count)) fewer than the \(Figures.grouped(difference.delivered)) of the manifest"
        } else {
            what = "\(documents(difference.found)), as many as in the manifest, but not the same ones"
        }
        return "\(ExtractionNames.of(difference.times)): \(what)"
    }

    private static func summary(
        _ differences: [DeliveryDifference], _ expected: Int, windows: Int, _ countsOnly: Bool, _ equal: String
    ) -> String {
        let by = countsOnly ? " by count" : ""
        guard !differences.isEmpty else {
            return "\(equal)\(by): \(documents(expected)) in \(Figures.grouped(windows)) windows"
        }
        let more = differences.reduce(0) { $0 + max(0, $1.found - $1.delivered) }
        let fewer = differences.reduce(0) { $0 + max(0, $1.delivered - $1.found) }
        return "\(differences.count) differences\(by): \(documents(more)) more, \(documents(fewer)) fewer. "
            + "Documents may have arrived, been deleted or changed their time since; that cannot be told from loss now."
    }

    private static func documents(_ count: Int) -> String {
        count == 1 ? "1 document" : "\(Figures.grouped(count)) documents"
    }
}

extension ExtractionManifest {
    /// The query, with its times as they were resolved.
    var scrollQuery: ScrollQuery {
        var query = ScrollQuery(
            index: self.query.index, body: self.query.body, since: self.query.since, until: self.query.until,
            timeField: self.query.timeField)
        query.includesUntimed = self.query.includesUntimed
        return query
    }

    /// What was delivered, by stretches of time.
    func records(_ path: String) throws(CommandError) -> [DeliveryRecord] {
        var records: [DeliveryRecord] = []
        for stretch in windows + partialWindows {
            guard min(stretch.delivered, stretch.total, stretch.windows) >= 0 else {
                throw Self.damaged(path, "a window has a count below zero")
            }
            var times: Range<Int64>?
            if let since = stretch.since, let until = stretch.until {
                guard since < until else {
                    throw Self.damaged(path, "a window ends before it begins")
                }
                times = since..<until
            }
            records.append(
                DeliveryRecord(times: times, documents: stretch.delivered, digest: stretch.digest))
        }
        return records
    }

    /// Documents of all records.
    ///
    /// - Throws: `noUsableLog` if they are more than can be counted.
    func expected(_ records: [DeliveryRecord], _ path: String) throws(CommandError) -> Int {
        var sum = 0
        for record in records {
            let (next, isOver) = sum.addingReportingOverflow(record.documents)
            if isOver { throw Self.damaged(path, "its windows have more documents than can be counted") }
            sum = next
        }
        return sum
    }

    /// What to say of the output if it lies beside the manifest with another size than it was written with.
    func otherSize(beside path: String) -> String? {
        guard let output else { return nil }
        let file = path.contains("/") ? AtomicFile.split(path).folder + "/" + output : output
        var status = stat()
        guard stat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG, Int(status.st_size) != totals.bytes else {
            return nil
        }
        let size = Figures.grouped(Int(status.st_size))
        return "\(file): \(size) bytes, and \(Figures.grouped(totals.bytes)) by the manifest"
    }
}
