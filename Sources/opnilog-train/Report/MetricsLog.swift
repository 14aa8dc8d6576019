import FoundationEssentials
import Glibc
import OpniLogTraining
import Synchronization

/// What becomes known while a run goes on, one JSON object a line; readable while it is written.
///
/// A run that goes on with another goes on with its file too: each step of the training that its model has gone through
/// stands there once, whatever ended the runs before.
final class MetricsLog: Sendable {
    private struct State {
        var descriptor: Int32
        /// Steps of the training that the file may tell of already; nil once that is settled.
        var trained: Int?
        /// Whether the file may hold what an earlier run has written, which goes with the first line.
        var isOld: Bool
        var fault: CommandError?
    }

    private let path: String
    private let state: Mutex<State>

    /// Opens the file, readable by its owner only.
    ///
    /// - Parameter goesOn: whether it keeps what an earlier run has written, or is made anew with the first line: a run
    ///   that cannot begin leaves it as it was.
    init(in output: OutputFolder, goesOn: Bool = false) throws(CommandError) {
        path = output.path(of: .metrics)
        state = Mutex(State(descriptor: try Self.open(path), trained: goesOn ? 0 : nil, isOld: !goesOn))
        // A line that was cut off must not become the head of another.
        if goesOn { try rewrite { _ in true } }
    }

    deinit { state.withLock { _ = close($0.descriptor) } }

    /// The training goes on after so many steps; what the file tells of later ones will be told again.
    func goOn(afterSteps steps: Int) { state.withLock { if $0.trained != nil { $0.trained = steps } } }

    func append(_ step: TrainingProgress) {
        do throws(CommandError) {
            // Not before there is a step: a training that fails to go on leaves the file as it was.
            let trained = state.withLock { state in
                defer { state.trained = nil }
                return state.trained
            }
            if let trained { try rewrite { $0.precedes(steps: trained) } }
        } catch {
            state.withLock { $0.fault = $0.fault ?? error }
        }
        write(step)
    }

    /// Before a document has come the run may still turn out not to begin.
    func append(_ record: ReadingRecord) {
        if record.documents > 0 || state.withLock({ !$0.isOld }) { write(record) }
    }

    private func write(_ value: some Encodable) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(value) else { return }
        state.withLock { state in
            var number: Int32?
            if state.isOld, ftruncate(state.descriptor, 0) != 0 { number = errno }
            state.isOld = false
            if number == nil {
                number = Descriptor.write(Array(data) + [UInt8(ascii: "\n")], to: state.descriptor)
            }
            if let number { state.fault = state.fault ?? OutputFault.of(path, number) }
        }
    }

    /// Leaves the whole lines that are to stay, all at once: after a crash there are the old ones or the new ones.
    private func rewrite(keeping isKept: (MetricsLine) -> Bool) throws(CommandError) {
        let bytes: [UInt8]
        do throws(SmallFile.Failure) {
            bytes = try SmallFile.read(path, atMost: .max)
        } catch {
            throw CommandError(
                .output, "\(path) cannot be read: \(error.reason)", remedy: "look at the disk and the rights")
        }
        var kept: [UInt8] = []
        for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true) {
            // The last one has no end if it was cut off.
            guard line.endIndex < bytes.endIndex, isKept(MetricsLine(line)) else { continue }
            kept += line + [UInt8(ascii: "\n")]
        }
        guard kept.count < bytes.count else { return }
        try AtomicFile.write(kept, to: path)
        let descriptor = try Self.open(path)
        state.withLock { state in
            close(state.descriptor)
            state.descriptor = descriptor
        }
    }

    private static func open(_ path: String) throws(CommandError) -> Int32 {
        let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw OutputFault.of(path, errno) }
        // One that was there already may have been open to others.
        fchmod(descriptor, 0o600)
        return descriptor
    }

    /// Throws if a line could not be written; the run itself need not stop for it.
    func check() throws(CommandError) {
        if let error = state.withLock({ $0.fault }) { throw error }
    }
}

/// A line of the file as far as it says which part of a run it is about.
struct MetricsLine {
    private struct Place: Decodable {
        let phase: String
        let trained: Int?
    }

    private let place: Place?

    init(_ line: ArraySlice<UInt8>) { place = try? JSONDecoder().decode(Place.self, from: Data(line)) }

    /// Whether this program can have written it.
    var isKnown: Bool { place != nil }

    /// Whether a training that goes on after so many steps does not tell this again.
    func precedes(steps: Int) -> Bool {
        guard let place, let trained = place.trained else { return place != nil }
        switch TrainingProgress.Phase(rawValue: place.phase) {
        case .fit, .closing: return trained <= steps
        // Figures are kept with the next step, not by themselves.
        case .evaluation: return trained < steps
        // What is thrown away begins anew.
        case .unseen, nil: return false
        }
    }
}
