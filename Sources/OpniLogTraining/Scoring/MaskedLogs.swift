import LogDataset
public import LogMasking
import Synchronization

/// Logs in masked form, each masked text once: what a `Scorer` scores.
public struct MaskedLogs: Sendable {
    /// For each log, in order, which of the distinct masked texts is its own; they are numbered as they were met.
    public let places: [UInt32]
    /// What could not be masked as the rules say.
    public let masking: MaskTally

    let texts: [MaskedText]

    /// One score a log, in order, of those of the distinct texts (``Scorer/distinctScores(of:explain:)``).
    public func spread(_ scores: [LogScore]) -> [LogScore] { places.map { scores[Int($0)] } }

    init(_ masker: LogMasker, _ lend: ((UnsafeRawBufferPointer) -> Void) -> Void) {
        let before = masker.tally
        let table = CountTable()
        var places: [UInt32] = []
        lend { log in
            masker.withMasked(log) { places.append(UInt32(table.add($0, hour: .none))) }
        }
        var texts: [MaskedText] = []
        texts.reserveCapacity(table.count)
        table.forEach { texts.append(MaskedText($1)) }
        self.places = places
        self.texts = texts
        masking = masker.tally.since(before)
    }
}

/// Maskers that are used again and again, by one call at a time.
final class MaskerShelf: Sendable {
    private struct Masker: @unchecked Sendable {
        // On the shelf nobody uses it; whoever took it off has it alone.
        let masker: LogMasker
    }

    private let settings: MaskSettings
    private let shelf = Mutex<[Masker]>([])

    init(_ settings: MaskSettings) { self.settings = settings }

    func with<R>(_ body: (LogMasker) -> R) -> R {
        let taken = shelf.withLock { $0.popLast() } ?? Masker(masker: LogMasker(settings))
        defer { shelf.withLock { $0.append(taken) } }
        return body(taken.masker)
    }
}
