import LogDataset

/// How a run that read logs ends: what is missing is said, and what it could have gone on with is removed when nothing
/// is.
enum RunEnd {
    /// So many holes are shown; the manifest lists all.
    private static let shownHoles = 100

    /// Does the work of a run; if it fails, says that what was read is not lost.
    static func keeping<R>(
        _ output: OutputFolder, _ console: Console, _ body: () async throws -> R
    ) async throws -> R {
        do {
            return try await body()
        } catch {
            let isKept = (try? CollectionCheckpoint.read(in: output.path)) != nil
            // An interruption says so itself, and a bad setting has nothing to do with what is kept.
            if isKept, ![.interrupted, .usage].contains(Failures.commandError(error).code) {
                console.endStage()
                console.note("what was read is kept: run again with --resume")
            }
            throw error
        }
    }

    /// - Parameter reading: what was read; nil for a run from a table.
    /// - Returns: the exit code.
    static func of(_ reading: CollectionReport?, _ output: OutputFolder, _ console: Console) -> ExitCode {
        guard let reading else { return .complete }
        guard !reading.holes.isEmpty else {
            CollectionCheckpoint.discard(in: output.path)
            return .complete
        }
        for hole in reading.holes.prefix(shownHoles) {
            let size = hole.documents.map { " (about \(Figures.grouped($0)) documents)" } ?? ""
            console.note("missing: \(hole.what)\(size)")
        }
        let more = reading.holes.count - shownHoles
        if more > 0 { console.note("and \(Figures.grouped(more)) more, listed in \(output.path(of: .manifest))") }
        console.note("partial: run again with --resume to read what is missing")
        return .partial
    }
}

extension Console {
    /// Says what a reading tells of.
    func tell(_ event: CollectionEvent, _ monitor: CollectionMonitor) {
        switch event {
        case .resumed(let windows, let documents):
            note("goes on: \(Self.windows(windows)), \(Figures.grouped(Int(documents))) documents, are read already")
        case .tableFound: note("goes on: everything is read already")
        case .damaged(let names): note("damaged, read again: \(Self.list(names))")
        case .damagedRecords(let count):
            note("\(Figures.grouped(count)) records of windows are damaged; what they told of is read again")
        case .outdated(let names): note("changed since it was read, read again: \(Self.list(names))")
        case .merging: begin("merging", unit: "templates") { $0.done = Int(monitor.snapshot.templates) }
        case .incomplete(let names): note("could not be read whole, read again: \(Self.list(names))")
        }
    }

    private static func windows(_ count: Int) -> String {
        count == 1 ? "1 window" : "\(Figures.grouped(count)) windows"
    }

    private static func list(_ names: [String]) -> String {
        let more = names.count > 3 ? "; and \(Figures.grouped(names.count - 3)) more" : ""
        return names.prefix(3).joined(separator: "; ") + more
    }
}
