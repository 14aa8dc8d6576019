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
        if goesOn { state.withLock { Self.cutTail($0.descriptor, path) } }
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

    /// Cuts off what stands behind the last end of a line. Where that fails, the line is passed over by all who read.
    private static func cutTail(_ descriptor: Int32, _ path: String) {
        let reader = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard reader >= 0 else { return }
        defer { close(reader) }
        var end = Int(lseek(reader, 0, SEEK_END))
        var block = [UInt8](repeating: 0, count: 1 << 16)
        while end > 0 {
            let start = max(0, end - block.count)
            guard pread(reader, &block, end - start, off_t(start)) == end - start else { return }
            if let place = block[..<(end - start)].lastIndex(of: UInt8(ascii: "\n")) {
                ftruncate(descriptor, off_t(start + place + 1))
                return
            }
            end = start
        }
        ftruncate(descriptor, 0)
    }

    /// Leaves the whole lines that are to stay, all at once: after a crash there are the old ones or the new ones. The
    /// file may be of any size.
    private func rewrite(keeping isKept: (MetricsLine) -> Bool) throws(CommandError) {
        let reader = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard reader >= 0 else { throw unreadable(errno) }
        defer { close(reader) }
        try AtomicFile.write(to: path) { target throws(CommandError) in
            var rest: [UInt8] = []
            var block = [UInt8](repeating: 0, count: 1 << 18)
            while true {
                let count = SystemCall.retrying { read(reader, &block, block.count) }
                guard count >= 0 else { throw unreadable(errno) }
                if count == 0 { return }
                rest += block[..<count]
                let kept = Self.takeLines(of: &rest, keeping: isKept)
                if let number = Descriptor.write(kept, to: target) { throw OutputFault.of(path, number) }
            }
        }
        let descriptor = try Self.open(path)
        state.withLock { state in
            close(state.descriptor)
            state.descriptor = descriptor
        }
    }

    /// The lines of a text that are to stay; what is left of it has no end yet.
    private static func takeLines(of text: inout [UInt8], keeping isKept: (MetricsLine) -> Bool) -> [UInt8] {
        var kept: [UInt8] = []
        var start = 0
        while let end = text[start...].firstIndex(of: UInt8(ascii: "\n")) {
            if isKept(MetricsLine(text[start..<end])) { kept += text[start...end] }
            start = end + 1
        }
        text.removeFirst(start)
        return kept
    }

    private func unreadable(_ number: Int32) -> CommandError {
        CommandError(
            .output, "\(path) cannot be read: \(SystemCall.text(number))", remedy: "look at the disk and the rights")
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
///
/// Looked for and not decoded, since a training has a million of them; nothing in a line is text of anybody else's.
struct MetricsLine {
    private let phase: String?
    private let trained: Int?

    init(_ line: ArraySlice<UInt8>) {
        let isObject = line.first == UInt8(ascii: "{") && line.last == UInt8(ascii: "}")
        phase = isObject ? Self.value(after: #""phase":""#, in: line) { $0 != UInt8(ascii: "\"") } : nil
        trained = Self.value(after: #""trained":"#, in: line) { (0x30...0x39).contains($0) }.flatMap { Int($0) }
    }

    private static func value(after key: String, in line: ArraySlice<UInt8>, while isPart: (UInt8) -> Bool) -> String? {
        guard let found = line.firstRange(of: key.utf8) else { return nil }
        return String(decoding: line[found.upperBound...].prefix(while: isPart), as: UTF8.self)
    }

    /// Whether this program can have written it.
    var isKnown: Bool { phase != nil }

    /// Whether a training that goes on after so many steps does not tell this again.
    func precedes(steps: Int) -> Bool {
        guard let phase, let trained else { return phase != nil }
        switch TrainingProgress.Phase(rawValue: phase) {
        case .fit, .closing: return trained <= steps
        // Figures are kept with the next step, not by themselves.
        case .evaluation: return trained < steps
        // What is thrown away begins anew.
        case .unseen, nil: return false
        }
    }
}
