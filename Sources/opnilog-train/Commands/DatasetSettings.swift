import LogDataset

/// Options as the dataset's configuration.
enum DatasetSettings {
    /// - Parameter directory: where the table and, while logs are read, sorted runs go; it must exist.
    static func configuration(
        _ settings: Settings, directory: String
    ) throws -> DatasetConfiguration {
        var configuration = DatasetConfiguration(directory: directory)
        configuration.masking = try MaskFile.settings(settings)
        configuration.cleaning = try CleaningSettings.of(settings)
        let options = Set(Options.of(settings.command).map(\.name))
        if let workers = settings[Options.workers] { configuration.workers = workers }
        if let memory = settings[Options.memory] { configuration.memory = MemoryBudget(total: memory) }
        if let disk = settings[Options.disk] { configuration.disk = disk }
        if options.contains(Options.maxBadShare.spec.name) {
            configuration.maximumBadShare = settings[Options.maxBadShare]
        }
        if options.contains(Options.parallel.spec.name) { configuration.parallelWindows = settings[Options.parallel] }
        if options.contains(Options.seed.spec.name) { configuration.seed = settings[Options.seed] }
        guard options.contains(Options.draw.spec.name) else { return configuration }
        configuration.steps = StepPlan.Settings(
            samples: settings[Options.samples], epochs: settings[Options.epochs], steps: settings[Options.steps],
            batchSize: settings[Options.batchSize], recipe: settings[Options.recipe])
        if case .law(let law) = settings[Options.draw] { configuration.law = law }
        configuration.templateCap = settings[Options.templateCap]
        if options.contains(Options.vocabularySize.spec.name) {
            configuration.vocabularyLimit = settings[Options.vocabularySize]
            configuration.minimumWordCount = UInt64(settings[Options.minimumWordCount])
        }
        return configuration
    }
}

extension DatasetConfiguration {
    /// Keeps what is read for a run that goes on with this one, and takes over what the run that this one goes on with
    /// has kept.
    mutating func keepReading(_ settings: Settings, _ start: RunStart, _ console: Console) {
        checkpoint = CollectionCheckpoint(
            startedAt: RunClock.start.milliseconds, settings: RunFingerprint.of(settings))
        resumes = start == .resumed
        onEvent = { [monitor] in console.tell($0, monitor) }
        keepsHours = RunEnd.keepsHours(settings)
        // What a settings file or the environment says of an index is nothing to files, which have no hours.
        guard (try? LogOrigin(settings, of: settings.command)) == .openSearch else { return }
        readsInSeededOrder = true
        requiresComplete = settings[Options.requireComplete]
        let limits = ReadingLimits(
            time: settings[Options.timeBudget], share: settings[Options.readFraction],
            unseen: settings[Options.untilUnseen])
        self.limits = limits == ReadingLimits() ? nil : limits
        if let directory = settings[Options.reuse], !settings[Options.recheck] {
            reuse = Reuse(directory: directory, freeSettings: RunFingerprint.windows)
        }
    }
}

extension Console {
    /// Shows how a reading goes, from the counters that the dataset keeps, and records it.
    func watch(_ monitor: CollectionMonitor, _ metrics: MetricsLog? = nil) {
        let refresh: @Sendable (inout ProgressState) -> Void = { state in
            let snapshot = monitor.snapshot
            state.done = Int(snapshot.documents)
            state.doneBefore = Int(snapshot.documentsKept)
            state.total = snapshot.documentsExpected > 0 ? Int(snapshot.documentsExpected) : nil
            state.bytes = Int(snapshot.bytes)
            state.stalls = [.readingForMasking, .maskingForReading].map {
                .init(stall: $0, seconds: snapshot.stalls[$0])
            }
            if snapshot.windowsTotal > 1 {
                state.notes = [.init(name: "windows", value: Double(snapshot.windows), places: 0)]
            }
        }
        begin("reading", unit: "documents", refresh: refresh) { state in
            metrics?.append(ReadingRecord(monitor.snapshot, state))
        }
    }
}
