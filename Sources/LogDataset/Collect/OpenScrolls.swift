import Glibc
import Synchronization

/// The scrolls that a run has open on servers, in a small file of its output folder, so that the next run can clear
/// what a killed one left open.
///
/// A line an event: `+ ENDPOINT ID` and `- ID`. It is not brought to disk each time: what a process has written
/// survives its death, and what a machine's death loses ends by its keep-alive. Safe to share.
package final class OpenScrolls: Sendable {
    /// A scroll that was opened.
    package struct Scroll: Sendable, Hashable {
        /// The scroll's id.
        package let id: String
        /// The node it was opened on.
        package let endpoint: String

        /// A scroll of a node.
        package init(id: String, endpoint: String) {
            self.id = id
            self.endpoint = endpoint
        }
    }

    private struct State {
        var descriptor: CInt = -1
        var bytes = 0
        /// What is open, by id; what an earlier run left is among it until it is cleared.
        var open: [String: String] = [:]
    }

    /// The file's name in the output folder.
    package static let fileName = "scrolls.open"
    /// The file is never longer. Scrolls that do not fit are not noted, and end by their keep-alive.
    static let limit = 48 << 10

    /// What an earlier run left open. Each is noted until `cleared(_:)` is called for it.
    package let left: [Scroll]

    private let path: String
    private let state: Mutex<State>

    /// Reads what an earlier run left in a folder whose lock the caller holds.
    ///
    /// - Throws: `DatasetError` when a file that is there cannot be read.
    package convenience init(in directory: String) throws(DatasetError) {
        try self.init(path: "\(directory)/\(OpenScrolls.fileName)")
    }

    /// Reads what an earlier run left in a file that nobody else uses.
    ///
    /// - Throws: `DatasetError` when a file that is there cannot be read.
    package init(path: String) throws(DatasetError) {
        self.path = path
        let bytes = access(path, F_OK) == 0 ? try WholeFile.read(path) : []
        let open = OpenScrolls.open(after: bytes)
        left = open.map { Scroll(id: $0.key, endpoint: $0.value) }.sorted { $0.id < $1.id }
        // Without room the first event writes the file anew, without a line that was cut off.
        state = Mutex(State(bytes: OpenScrolls.limit, open: open))
    }

    deinit {
        state.withLock { state in
            if state.descriptor >= 0 { close(state.descriptor) }
        }
        end()
    }

    /// Removes the file, unless something is still open.
    package func end() {
        state.withLock { state in
            if state.open.isEmpty { unlink(path) }
        }
    }

    /// Notes that a scroll was opened, before its first continuation is asked for.
    ///
    /// - Parameters:
    ///   - id: what the server calls it.
    ///   - endpoint: the node's URL, without user or password.
    package func opened(_ id: String, endpoint: String) {
        guard OpenScrolls.isWord(id), OpenScrolls.isWord(endpoint) else { return }
        state.withLock { state in
            state.open[id] = endpoint
            append("+ \(endpoint) \(id)\n", &state)
        }
    }

    /// Notes that a scroll is gone: cleared, or unknown to its server.
    package func cleared(_ id: String) {
        state.withLock { state in
            guard state.open.removeValue(forKey: id) != nil else { return }
            append("- \(id)\n", &state)
        }
    }

    /// A record that cannot be written is no reason to end a run: scrolls end by their keep-alive.
    private func append(_ line: String, _ state: inout State) {
        let line = Array(line.utf8)
        if state.bytes + line.count > OpenScrolls.limit { return rewrite(&state) }
        guard write(state.descriptor, line, line.count) == line.count else { return rewrite(&state) }
        state.bytes += line.count
    }

    /// Replaces the file by one of what is open, as far as there is room.
    private func rewrite(_ state: inout State) {
        var bytes: [UInt8] = []
        for (id, endpoint) in state.open {
            let line = Array("+ \(endpoint) \(id)\n".utf8)
            if bytes.count + line.count <= OpenScrolls.limit { bytes += line }
        }
        let fresh = PartialFile.path(of: path)
        let descriptor = PartialFile.create(fresh)
        if descriptor < 0 { return }
        guard write(descriptor, bytes, bytes.count) == bytes.count, rename(fresh, path) == 0 else {
            close(descriptor)
            unlink(fresh)
            return
        }
        if state.descriptor >= 0 { close(state.descriptor) }
        state.descriptor = descriptor
        state.bytes = bytes.count
    }

    /// What is open once all whole lines have happened, in their order.
    static func open(after bytes: [UInt8]) -> [String: String] {
        var open: [String: String] = [:]
        let end = bytes.lastIndex(of: 0x0A) ?? 0
        for line in bytes[..<end].split(separator: 0x0A) {
            let words = line.split(separator: 0x20).map { String(decoding: $0, as: UTF8.self) }
            if words.count == 3, words[0] == "+" { open[words[2]] = words[1] }
            if words.count == 2, words[0] == "-" { open[words[1]] = nil }
        }
        return open
    }

    private static func isWord(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }
}
