import LogDataset
public import LogMasking

/// Scores logs by the original's rule with a model that it or `Trainer` wrote. Safe to share between tasks.
public final class Scorer: Sendable {
    /// Guesses among which a word is expected.
    public static let guesses = 50

    /// What libtorch is, and the device that was chosen.
    public let facts: TorchFacts

    private let model: TorchModel
    private let masking: MaskSettings
    private let vocabulary: Vocabulary
    /// Whether each id's word counts: one with a digit in it is no word the original judges by.
    private let counts: [Bool]

    /// Reads `nulog_model_latest.pt` and `vocab.txt`.
    ///
    /// - Parameters:
    ///   - directory: The folder of the two files.
    ///   - bridge: Path of `libopnilog_torch.so`; nil looks for it.
    ///   - device: Where to compute.
    ///   - threads: libtorch's threads on a CPU; nil takes the physical cores.
    ///   - masking: How logs are masked: by the rules that the model was trained with.
    /// - Throws: `noBridge`, `noLibtorch`, `noDevice`, or `badModel` for files that are missing, damaged or not of
    ///   each other.
    public init(
        model directory: String,
        bridge: String? = nil,
        device: ComputeDevice = .auto,
        threads: Int? = nil,
        masking: MaskSettings = MaskSettings()
    ) async throws(TrainingError) {
        self.masking = masking
        let bridge = try await TorchBridge.open(bridge)
        let facts = try await bridge.start(device: device, threads: threads)
        let vocabulary = try Scorer.readVocabulary("\(directory)/\(ModelFile.vocabularyName)")
        let path = "\(directory)/\(ModelFile.name)"
        model = try await TorchThread.shared.run { () throws(TrainingError) in
            let model = try TorchModel.read(bridge, path: path, place: .init(device: facts.device))
            guard model.words == vocabulary.count else {
                throw TrainingError(
                    .badModel,
                    "The model has \(model.words) words and its vocabulary \(vocabulary.count), so they are not of one training; take both files from one folder."
                )
            }
            return model
        }
        self.facts = facts
        self.vocabulary = vocabulary
        counts = vocabulary.words.map { !$0.unicodeScalars.contains(where: \.isDigit) }
    }

    private static func readVocabulary(_ path: String) throws(TrainingError) -> Vocabulary {
        do throws(DatasetError) {
            return try Vocabulary(readingFrom: path)
        } catch {
            throw TrainingError(.badModel, "The model's vocabulary cannot be used.", cause: error)
        }
    }

    /// Scores logs; those that mask to the same text are computed once.
    ///
    /// - Parameters:
    ///   - logs: Messages as they were logged.
    ///   - explain: Whether each word's rank is wanted too.
    /// - Returns: One score a log, in order.
    /// - Throws: `cancelled`, or `failed`.
    public func score(_ logs: [String], explain: Bool = false) async throws(TrainingError) -> [LogScore] {
        let masker = LogMasker(masking)
        var places: [String: Int] = [:]
        var texts: [String] = []
        let order = logs.map { log in
            let masked = masker.mask(log)
            if let place = places[masked] { return place }
            texts.append(masked)
            places[masked] = texts.count - 1
            return texts.count - 1
        }
        let scores = try await score(masked: texts, explain: explain)
        return order.map { scores[$0] }
    }

    /// Scores masked texts, in order.
    ///
    /// - Parameters:
    ///   - texts: Masked texts, as `LogMasker` gives them.
    ///   - explain: Whether each word's rank is wanted too.
    /// - Throws: `cancelled`, or `failed`.
    public func score(masked texts: [String], explain: Bool = false) async throws(TrainingError) -> [LogScore] {
        let encoded = texts.map { encode($0) }
        // Logs of like length share a batch, so little is computed for padding.
        let order = encoded.indices.sorted { (encoded[$0].count, $0) < (encoded[$1].count, $1) }
        var scores = [LogScore?](repeating: nil, count: texts.count)
        for start in stride(from: 0, to: order.count, by: Scorer.batch) {
            if Task.isCancelled { throw .cancelled }
            let places = order[start..<min(start + Scorer.batch, order.count)]
            let batch = Batch(logs: places.map { encoded[$0] })
            let model = model
            let ranks = try await TorchThread.shared.run { () throws(TrainingError) in try model.ranks(batch) }
            for (row, place) in places.enumerated() {
                let own = ranks[row * Batch.length..<row * Batch.length + encoded[place].count]
                scores[place] = judge(texts[place], encoded[place], Array(own), explain: explain)
            }
        }
        return scores.compactMap { $0 }
    }

    /// Logs computed at once.
    private static let batch = 256

    func encode(_ masked: String) -> [Int32] {
        var tokens: [Int32] = []
        var masked = masked
        masked.withUTF8 { _ = vocabulary.encode(UnsafeRawBufferPointer($0), into: &tokens) }
        return tokens
    }

    /// Logits of one masked text, a row a word; for comparison with the original's.
    func logits(masked text: String) async throws(TrainingError) -> [Float] {
        let batch = Batch(logs: [encode(text)])
        let model = model
        return try await TorchThread.shared.run { () throws(TrainingError) in try model.logits(batch) }
    }

    private func judge(_ masked: String, _ tokens: [Int32], _ ranks: [Int32], explain: Bool) -> LogScore {
        var counted = 0
        var expected = 0
        var scored: [ScoredToken] = []
        for (token, rank) in zip(tokens, ranks).dropFirst() {
            let counts = counts[Int(token)]
            if counts {
                counted += 1
                expected += Int(rank) < Scorer.guesses ? 1 : 0
            }
            if explain {
                scored.append(ScoredToken(word: vocabulary.words[Int(token)], rank: Int(rank), counts: counts))
            }
        }
        let score = counted == 0 ? 1 : Double(expected) / Double(counted)
        return LogScore(masked: masked, score: score, tokens: scored)
    }
}

extension Unicode.Scalar {
    /// Python's `str.isdigit`.
    var isDigit: Bool {
        switch properties.numericType {
        case .decimal, .digit: true
        default: false
        }
    }
}
