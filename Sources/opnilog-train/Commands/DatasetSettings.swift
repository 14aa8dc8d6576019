import LogDataset

/// Options as the dataset's configuration.
enum DatasetSettings {
    /// - Parameter directory: where the table and, while logs are read, sorted runs go; it must exist.
    static func configuration(_ settings: Settings, directory: String) -> DatasetConfiguration {
        var configuration = DatasetConfiguration(directory: directory)
        let options = Set(Options.of(settings.command).map(\.name))
        if let workers = settings[Options.workers] { configuration.workers = workers }
        if let memory = settings[Options.memory] { configuration.memory = MemoryBudget(total: memory) }
        if options.contains(Options.maxBadShare.spec.name) {
            configuration.maximumBadShare = settings[Options.maxBadShare]
        }
        guard options.contains(Options.draw.spec.name) else { return configuration }
        configuration.samples = settings[Options.samples]
        configuration.steps = settings[Options.steps]
        configuration.batchSize = settings[Options.batchSize]
        if let epochs = settings[Options.epochs] { configuration.epochs = epochs }
        configuration.draw = settings[Options.draw] == .coverage ? .coverage : .parity
        configuration.seed = settings[Options.seed]
        return configuration
    }
}

extension Console {
    /// Shows how a reading goes, from the counters that the dataset keeps.
    func watch(_ monitor: CollectionMonitor) {
        begin("reading", unit: "documents") { state in
            let snapshot = monitor.snapshot
            state.done = Int(snapshot.documents)
            state.total = snapshot.documentsExpected > 0 ? Int(snapshot.documentsExpected) : nil
            state.bytes = Int(snapshot.bytes)
            state.stalledSeconds = Double(snapshot.stalledNanoseconds) / 1e9
            if snapshot.windowsTotal > 1 {
                state.notes = [.init(name: "windows", value: Double(snapshot.windows), places: 0)]
            }
        }
    }
}
