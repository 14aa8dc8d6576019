import LogDataset
import OpniLogTraining

/// How a run that read logs ends: what is missing is said, and what it could have gone on with is removed when nothing
/// is.
enum RunEnd {
    /// So many holes are shown; the manifest lists all.
    private static let shownHoles = 100

    /// Does the work of a run; if it fails, says what is not lost.
    static func keeping<R>(
        _ output: OutputFolder, _ console: Console, _ body: () async throws -> R
    ) async throws -> R {
        do {
            return try await body()
        } catch {
            let failure = Failures.commandError(error)
            // An interruption says so itself, a bad setting has nothing to do with what is kept, and a training whose
            // numbers went astray would go astray again.
            let isAstray = (failure.cause as? TrainingError)?.code == .notFinite
            if let kept = kept(output), ![.interrupted, .usage].contains(failure.code), !isAstray {
                console.endStage()
                console.note("what was \(kept) is kept: run again with --resume")
            }
            throw error
        }
    }

    /// What an unfinished run has done; nil if there is nothing to go on with.
    private static func kept(_ output: OutputFolder) -> String? {
        let isTrained = (try? CheckpointPolicy.begun(in: output.checkpoints)) != nil
        guard (try? CollectionCheckpoint.read(in: output.path)) != nil else { return isTrained ? "trained" : nil }
        return isTrained ? "read and trained" : "read"
    }

    /// Whether the hours of a complete run are kept for a later one. Files have none.
    static func keepsHours(_ settings: Settings) -> Bool {
        (try? LogOrigin(settings, of: settings.command)) == .openSearch && !settings[Options.discardHours]
    }

    /// Keeps what a complete run has read for `--reuse`, or removes it.
    static func settle(_ output: OutputFolder, _ settings: Settings) throws {
        if keepsHours(settings) { return try CollectionCheckpoint.keepHours(in: output.path) }
        CollectionCheckpoint.discard(in: output.path)
        // A run from a table has read nothing that would take the place of the hours that the table was made of.
        if (try? LogOrigin(settings, of: settings.command)) == .table { return }
        CollectionCheckpoint.discardHours(in: output.path)
    }

    private static func text(_ stopped: StoppedReading) -> String {
        let why =
            switch stopped.reason {
            case .time: "the --time-budget is used up"
            case .share: "the --read-fraction is read"
            case .unseen: "--until-unseen is reached"
            }
        let unseen = stopped.unseenShare.map {
            "; about \(Figures.text($0 * 100, places: 2)) % of their lines are of templates that were not seen"
        }
        return
            "stopped early, \(why): \(Figures.grouped(stopped.hours)) of \(Figures.grouped(stopped.hoursTotal)) hours "
            + "are read; about \(Figures.grouped(Int(stopped.documentsLeft))) documents are left\(unseen ?? "")"
    }

    /// How the next run must differ: under a limit that is reached it would read nothing more.
    private static func otherLimit(_ stopped: StoppedReading?) -> String {
        switch stopped?.reason {
        case .share: ", and without --read-fraction or with a larger one,"
        case .unseen: ", and without --until-unseen or with a smaller one,"
        // Each run has its time anew.
        case .time, nil: ""
        }
    }

    /// - Parameter reading: what was read; nil for a run from a table.
    /// - Returns: the exit code.
    static func of(
        _ reading: CollectionReport?, _ output: OutputFolder, _ settings: Settings, _ console: Console
    ) throws -> ExitCode {
        guard let reading else { return .complete }
        guard !reading.isComplete else {
            try settle(output, settings)
            return .complete
        }
        let more = show(reading.holes, console)
        if more > 0 { console.note("and \(Figures.grouped(more)) more, listed in \(output.path(of: .manifest))") }
        if let stopped = reading.stopped { console.note(text(stopped)) }
        console.note("partial: run again with --resume\(otherLimit(reading.stopped)) to read what is missing")
        return .partial
    }

    /// The end of a run that keeps nothing.
    static func of(_ reading: CollectionReport?, _ console: Console) -> ExitCode {
        of(reading?.holes ?? [], console)
    }

    /// The end of a run that keeps nothing, by what it could not read.
    static func of(_ holes: [Hole], _ console: Console) -> ExitCode {
        if holes.isEmpty { return .complete }
        let more = show(holes, console)
        if more > 0 { console.note("and \(Figures.grouped(more)) more") }
        return .partial
    }

    /// - Returns: how many were not shown.
    private static func show(_ holes: [Hole], _ console: Console) -> Int {
        for hole in holes.prefix(shownHoles) {
            let size = hole.documents.map { " (about \(Figures.grouped($0)) documents)" } ?? ""
            console.note("missing: \(hole.what)\(size)")
        }
        return max(0, holes.count - shownHoles)
    }
}

extension CollectionReport {
    /// What became of the documents that no line of the table tells of, a note each.
    func remarks(_ settings: Settings) -> [String] {
        let field = Options.field.spec.commands.contains(settings.command) ? settings[Options.field] : "log"
        let passed = PageCount.remark(
            withoutField: Int(total.documentsWithoutField), bad: Int(total.badLines), of: Int(total.documents),
            field: field)
        return [passed, total.masking.remark, cleaningRemark(settings)].compactMap(\.self)
    }

    /// What was left out, for a note; nil if nothing was, and nothing was to be. That a setting found nothing is said:
    /// it may be a typing error.
    private func cleaningRemark(_ settings: Settings) -> String? {
        let dropped = [
            (total.dropped.keywords, "lines with a keyword"), (total.dropped.tooShort, "lines of too few words"),
            (total.dropped.fields, "documents by a field"),
        ]
        var parts = dropped.filter { $0.0 > 0 }.map { "\(Figures.grouped(Int($0.0))) \($0.1)" }
        parts += exclusions.map { "\(Figures.grouped($0.documents)) documents by \($0.reason)" }
        parts += idle(settings)
        return parts.isEmpty ? nil : "left out: " + parts.joined(separator: ", ")
    }

    /// Settings that were given and found nothing. What an index leaves out itself stands among the exclusions.
    private func idle(_ settings: Settings) -> [String] {
        var idle: [String] = []
        let keywords = Options.dropKeywords
        if total.dropped.keywords == 0, settings.wasGiven(keywords.spec), settings[keywords] != "none" {
            idle.append("no line by \(keywords.spec.flag)")
        }
        let field = Options.dropField.spec
        let isFiles = (try? LogOrigin(settings, of: settings.command)) == .files
        if total.dropped.fields == 0, isFiles, settings.wasGiven(field) { idle.append("no document by \(field.flag)") }
        return idle
    }
}

extension Console {
    /// Says what a reading tells of.
    func tell(_ event: CollectionEvent, _ monitor: CollectionMonitor) {
        switch event {
        case .resumed(let windows, let documents):
            note("goes on: \(Self.windows(windows)), \(Figures.grouped(Int(documents))) documents, are read already")
        case .reused(let windows, let documents):
            note("reused: \(Self.windows(windows)), \(Figures.grouped(Int(documents))) documents, are not read again")
        case .notReused(let settings) where settings.isEmpty:
            note("nothing is reused: the folder of --reuse holds no hours of an earlier run")
        case .notReused(let settings):
            note("nothing is reused: the earlier run had other settings: \(settings.joined(separator: ", "))")
        case .notReusable(let why): note("nothing is reused: \(why)")
        case .order(let seed, let hours):
            note("\(Figures.grouped(hours)) hours, read in the order of seed \(seed)")
        case .unseen(let share, let hours):
            note(
                "\(Figures.grouped(hours)) hours are read; about \(Figures.text(share * 100, places: 2)) % of the lines that "
                    + "are left are of templates that were not seen")
        case .tableFound: note("goes on: everything is read already")
        case .begunTableFound:
            note("goes on with the table that the training began with; what it lacks is left to a later run")
        case .damagedTable: note("the table is damaged; it is made again")
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
