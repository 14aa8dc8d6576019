import LogDataset
public import LogMasking

/// Scores logs by the original's rule with a model that it or `Trainer` wrote. Safe to share between tasks.
public final class Scorer: Sendable {
    /// Guesses among which a word is expected.
    public static let guesses = 50

    /// Bytes of scores that are kept unless another number is given: some 150,000 masked texts of usual length.
    public static let standardMemory = 64 << 20

    /// What libtorch is, and the device that was chosen.
    public let facts: TorchFacts

    private let model: TorchModel
    private let vocabulary: Vocabulary
    private let rule: ScoringRule
    private let maskers: MaskerShelf
    private let queue: ScoringQueue

    /// Reads `nulog_model_latest.pt` and `vocab.txt`.
    ///
    /// The first call that opens libtorch sets environment variables, and the first model settings of malloc, as
    /// docs/libtorch.md says; so make it before threads begin that read the environment.
    ///
    /// - Parameters:
    ///   - directory: The folder of the two files.
    ///   - bridge: Path of `libopnilog_torch.so`; nil looks for it.
    ///   - device: Where to compute.
    ///   - threads: libtorch's threads on a CPU; nil takes the physical cores.
    ///   - masking: How logs are masked: by the rules that the model was trained with.
    ///   - memory: Bytes of scores that are kept for masked texts that come again; 0 keeps none.
    /// - Throws: `noBridge`, `unfitBridge`, `noLibtorch`, `noDevice`, `outOfMemory`, `invalidSetting` for a number of
    ///   threads that cannot be, or `badModel` for files that are missing, damaged or not of each other.
    public init(
        model directory: String,
        bridge: String? = nil,
        device: ComputeDevice = .auto,
        threads: Int? = nil,
        masking: MaskSettings = MaskSettings(),
        memory: Int = Scorer.standardMemory
    ) async throws(TrainingError) {
        let bridge = try await TorchBridge.open(bridge)
        let facts = try await bridge.start(device: device, threads: threads)
        let (model, vocabulary) = try await TorchThread.shared.run { () throws(TrainingError) in
            try Scorer.read(directory, bridge, .init(device: facts.device, threads: facts.threads))
        }
        let rule = ScoringRule(vocabulary)
        self.facts = facts
        self.model = model
        self.vocabulary = vocabulary
        self.rule = rule
        maskers = MaskerShelf(masking)
        queue = ScoringQueue(limit: memory) { items throws(TrainingError) in
            let ranks = try model.ranks(Batch(logs: items.map(\.tokens)))
            return items.enumerated().map { row, item in
                let own = ranks[row * Batch.length..<row * Batch.length + item.tokens.count]
                return rule.judge(item.tokens.dropFirst(), ranks: own.dropFirst())
            }
        }
    }

    /// Reads the two files of one training, also while another replaces them.
    private static func read(
        _ directory: String, _ bridge: TorchBridge, _ place: TorchModel.Place
    ) throws(TrainingError) -> (TorchModel, Vocabulary) {
        let path = "\(directory)/\(ModelFile.vocabularyName)"
        var vocabulary = try readVocabulary(path)
        while true {
            let model = try TorchModel.read(bridge, path: "\(directory)/\(ModelFile.name)", place: place)
            let after = try readVocabulary(path)
            guard after.words == vocabulary.words else {
                vocabulary = after
                continue
            }
            guard model.words == vocabulary.count else {
                throw TrainingError(
                    .badModel,
                    "The model has \(model.words) words and its vocabulary \(vocabulary.count), so they are not of one training; take both files from one folder."
                )
            }
            return (model, vocabulary)
        }
    }

    private static func readVocabulary(_ path: String) throws(TrainingError) -> Vocabulary {
        do throws(DatasetError) {
            return try Vocabulary(readingFrom: path)
        } catch {
            throw TrainingError(.badModel, "The model's vocabulary cannot be used.", cause: error)
        }
    }

    /// Scores logs; those that mask to the same text are computed once, and not at all while their score is still kept.
    ///
    /// - Parameters:
    ///   - logs: Messages as they were logged.
    ///   - explain: Whether each word's rank is wanted too.
    /// - Returns: One score a log, in order.
    /// - Throws: `cancelled`, `outOfMemory`, or `failed`.
    public func score(_ logs: [String], explain: Bool = false) async throws(TrainingError) -> [LogScore] {
        let masked = mask { add in
            for var log in logs { log.withUTF8 { add(UnsafeRawBufferPointer($0)) } }
        }
        return masked.spread(try await distinctScores(of: masked, explain: explain))
    }

    /// Masks logs to be scored by ``distinctScores(of:explain:)``: the way of those who have many, and may score one
    /// block of them while they mask the next.
    ///
    /// - Parameter lend: Is given a closure, and calls it with each log (UTF-8) in order.
    public func mask(_ lend: (_ add: (UnsafeRawBufferPointer) -> Void) -> Void) -> MaskedLogs {
        maskers.with { MaskedLogs($0, lend) }
    }

    /// Scores the distinct masked texts of logs. Calls that are under way at once share batches.
    ///
    /// - Parameters:
    ///   - logs: What `mask` gave.
    ///   - explain: Whether each word's rank is wanted too.
    /// - Returns: One score a distinct masked text; ``MaskedLogs/spread(_:)`` makes one a log of them.
    /// - Throws: `cancelled`, `outOfMemory`, or `failed`.
    public func distinctScores(of logs: MaskedLogs, explain: Bool = false) async throws(TrainingError) -> [LogScore] {
        try await score(logs.texts, explain: explain)
    }

    /// Scores masked texts, in order.
    ///
    /// - Parameters:
    ///   - texts: Masked texts, as `LogMasker` gives them.
    ///   - explain: Whether each word's rank is wanted too.
    /// - Throws: `cancelled`, `outOfMemory`, or `failed`.
    public func score(masked texts: [String], explain: Bool = false) async throws(TrainingError) -> [LogScore] {
        try await score(texts.map { MaskedText($0) }, explain: explain)
    }

    private func score(_ texts: [MaskedText], explain: Bool) async throws(TrainingError) -> [LogScore] {
        if Task.isCancelled { throw .cancelled }
        var judgements = queue.find(texts)
        let unknown = judgements.indices.filter { judgements[$0] == nil }
        if !unknown.isEmpty {
            let items = unknown.map { ScoringItem(text: texts[$0], tokens: encode(texts[$0])) }
            let computed = try await queue.judge(items)
            for (place, judgement) in zip(unknown, computed) { judgements[place] = judgement }
        }
        return zip(texts, judgements).compactMap { text, judgement in
            judgement.map { explained(text, $0, explain) }
        }
    }

    private func explained(_ text: MaskedText, _ judgement: Judgement, _ explain: Bool) -> LogScore {
        LogScore(
            masked: String(decoding: text.bytes, as: UTF8.self), score: judgement.score,
            tokens: explain ? rule.explain(encode(text).dropFirst(), judgement.ranks) : [])
    }

    func encode(_ masked: MaskedText) -> [Int32] {
        var tokens: [Int32] = []
        masked.bytes.withUnsafeBytes { _ = vocabulary.encode($0, into: &tokens) }
        return tokens
    }

    /// Logits of one masked text, a row a word; for comparison with the original's.
    func logits(masked text: String) async throws(TrainingError) -> [Float] {
        let batch = Batch(logs: [encode(MaskedText(text))])
        let model = model
        return try await TorchThread.shared.run { () throws(TrainingError) in try model.logits(batch) }
    }
}
