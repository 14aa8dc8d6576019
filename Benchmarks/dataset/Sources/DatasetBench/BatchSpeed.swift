import LogDataset

/// What a step waits for: the draw of a subset, before its first batch, and each batch after that.
///
/// - Parameter path: A `templates.table`.
func batchSpeed(table path: String) async throws {
    let table = try TemplateTable(opening: path)
    print("\(table.metadata.templates) templates, \(table.metadata.lines) lines, subsets of 48,000:")
    for size in [32, 48, 256] {
        var configuration = DatasetConfiguration(directory: "/")
        configuration.steps.samples = 48_000
        configuration.steps.batchSize = size
        let prepared = try await PreparedDataset(table: table, configuration: configuration)
        var drawing: [Double] = []
        var encoding: [Double] = []
        for epoch in 0..<5 {
            let subset = prepared.fit(epoch: epoch)
            var batches = subset.makeAsyncIterator()
            drawing.append(try await medianSeconds(1) { _ = try await batches.next() })
            let rest = try await medianSeconds(1) { while try await batches.next() != nil {} }
            encoding.append(rest / Double(subset.batchCount - 1))
        }
        report("  \(size) logs: the draw and the first batch", drawing.sorted()[2] * 1e3, "ms")
        report("  \(size) logs: a batch", encoding.sorted()[2] * 1e6, "µs")
    }
}
