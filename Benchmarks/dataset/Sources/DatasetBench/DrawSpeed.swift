import Glibc

@testable import LogDataset

/// Sorting, spilling and merging of runs, reading a table back, restoring a run's state, and drawing.
func diskAndDrawSpeed(templates count: Int) async throws {
    let folder = try BenchFolder()
    defer { folder.remove() }
    let runs = try writeRuns(count, in: folder)
    let path = folder.path + "/templates.table"
    let merging = try await medianSeconds(1) {
        let writer = try TemplateTableWriter(to: path)
        var merge = try Merge(
            runs.flatMap { run in
                run.segments.map { Merge.Input(run: run, segment: $0, isHeldOut: false) }
            })
        try merge.forEach { record throws(DatasetError) in try writer.append(record) }
        try writer.finish(rulesDigest: String(repeating: "0", count: 64), heldOutBy: .lines, hours: [])
    }
    let records = count + count / 2
    report("  merged into the table, records/s", Double(records) / merging, "")

    let table = try TemplateTable(opening: path)
    let reading = try await medianSeconds(3) {
        for shard in 0..<TemplateShard.count { try table.walk(shard: shard) { _ in } }
    }
    report("  read back by one worker, templates/s", Double(count) / reading, "")
    try await drawing(from: table)
}

private func drawing(from table: TemplateTable) async throws {
    let workers = cores
    let restoring = try await medianSeconds(3) {
        var configuration = DatasetConfiguration(directory: "/")
        configuration.steps.samples = 192_000
        _ = try await PreparedDataset(table: table, configuration: configuration)
    }
    report("  a run's state from table, seed, epoch and batch, \(workers) cores", restoring, "s")
    let weighing = try await medianSeconds(5) { _ = try await TableWeights(of: table, workers: workers) }
    report("  its weights alone, once a run", weighing, "s")
    let weights = try await TableWeights(of: table, workers: workers)
    for law in DrawLaw.allCases {
        let settings = DrawSettings(law: law, lines: .fit, samples: 192_000, seed: 0, epoch: 1)
        let seconds = try await medianSeconds(9) {
            let draw = try WeightedDraw(from: table, weights: weights, settings: settings)
            _ = try await draw.templates(workers: workers)
        }
        report("  192,000 draws by \(law.rawValue), \(workers) cores", seconds, "s")
    }
}

/// Two runs: one with all templates, one with every other, so that every third record meets its like.
private func writeRuns(_ count: Int, in folder: BenchFolder) throws -> [Run] {
    let lines = MaskedLines.distinct(count)
    let table = CountTable()
    var lineCount: UInt64 = 0
    for index in 0..<count {
        // The generator's law: rank r has a share of r^(-5/4) of the lines.
        let rank = Double(index + 1)
        let frequency = UInt64(max(1, 3e6 / (rank * rank.squareRoot().squareRoot())))
        lineCount += frequency
        lines.with(index) { table.add($0, hour: .none, count: frequency) }
    }
    let half = CountTable()
    for index in stride(from: 0, to: count, by: 2) { lines.with(index) { half.add($0, hour: .none) } }
    print("\(count) templates of \(Int(lines.bytesPerLine)) bytes, \(lineCount) lines:")
    var runs: [Run] = []
    let spilling = try processorSeconds {
        runs = [try table.spill(to: folder.path + "/1.run"), try half.spill(to: folder.path + "/2.run")]
    }
    report("  sorted and written as runs, templates/s a core", Double(count + count / 2) / spilling, "")
    return runs
}

/// A folder for one run of this program.
private struct BenchFolder {
    let path: String

    init() throws {
        var template = Array("/tmp/opnilog-dataset-bench-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { fatalError("no folder can be made in /tmp") }
        path = String(cString: made)
    }

    func remove() {
        unlink(path + "/templates.table")
        rmdir(path)
    }
}
