import Glibc
import Synchronization

/// The scrolls that a run has open, in a small file of its own, so that the next run can clear what a killed one left.
///
/// A line an event: `+ ID` and `- ID`. It is not brought to disk each time: what a process has written survives its
/// death, and what a machine's death loses ends by its keep-alive. Safe to share.
final class ScrollJournal: Sendable {
    private struct State {
        var descriptor: Int32
        var bytes = 0
        var open: Set<String>
    }

    /// The file begins anew when it has grown so long; scrolls that do not fit are not noted.
    private static let limit = 48 << 10

    /// What an earlier run left open.
    let left: [String]
    private let path: String
    private let state: Mutex<State>

    /// Reads what an earlier run left, and keeps it noted until it is cleared.
    init(path: String) throws(CommandError) {
        self.path = path
        let open = Self.open(after: (try? SmallFile.read(path, atMost: 2 * Self.limit)) ?? [])
        left = open.sorted()
        let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw OutputFault.of(path, errno) }
        state = Mutex(State(descriptor: descriptor, open: open))
        state.withLock { rewrite(&$0) }
    }

    deinit { state.withLock { _ = close($0.descriptor) } }

    func opened(_ id: String) {
        guard !id.isEmpty, id.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return }
        state.withLock { state in
            state.open.insert(id)
            append("+ \(id)\n", &state)
        }
    }

    func cleared(_ id: String) {
        state.withLock { state in
            if state.open.remove(id) != nil { append("- \(id)\n", &state) }
        }
    }

    /// Removes the file, unless something is still open.
    func end() {
        state.withLock { state in
            if state.open.isEmpty { unlink(path) }
        }
    }

    /// A record that cannot be written is no reason to end a run.
    private func append(_ line: String, _ state: inout State) {
        let line = Array(line.utf8)
        if state.bytes + line.count > Self.limit { return rewrite(&state) }
        // One call a line, so that a death leaves whole lines and at most a torn last one.
        if Descriptor.write(line, to: state.descriptor) == nil { state.bytes += line.count }
    }

    private func rewrite(_ state: inout State) {
        var bytes: [UInt8] = []
        for id in state.open where bytes.count + id.utf8.count + 3 <= Self.limit { bytes += Array("+ \(id)\n".utf8) }
        guard ftruncate(state.descriptor, 0) == 0, Descriptor.write(bytes, to: state.descriptor) == nil else { return }
        state.bytes = bytes.count
    }

    /// What is open once all whole lines have happened.
    static func open(after bytes: [UInt8]) -> Set<String> {
        var open: Set<String> = []
        let end = bytes.lastIndex(of: 0x0A) ?? 0
        for line in bytes[..<end].split(separator: 0x0A) where line.count > 2 {
            let id = String(decoding: line.dropFirst(2), as: UTF8.self)
            if line.first == UInt8(ascii: "+") { open.insert(id) } else { open.remove(id) }
        }
        return open
    }
}
