import Dispatch
import Glibc
import Testing

/// Does something at the moment when a program has made or renamed so many files in a folder.
final class FolderWatch: Sendable {
    private let notifier: Int32
    private let watch: Int32
    private let queue = DispatchQueue(label: "opnilog.test.watch")

    /// - Parameters:
    ///   - path: a folder; nothing changes in one that is not there, which a program that has ended may have removed.
    ///   - change: which change of its names, from 1.
    init(_ path: String, at change: Int, _ body: @escaping @Sendable () -> Void) throws {
        notifier = inotify_init1(Int32(O_CLOEXEC))
        try #require(notifier >= 0)
        let added = inotify_add_watch(notifier, path, UInt32(IN_CREATE | IN_MOVED_TO))
        let problem = errno
        watch = added
        try #require(added >= 0 || problem == ENOENT)
        guard added >= 0 else { return }
        queue.async { [notifier] in Self.follow(notifier, change, body) }
    }

    /// Ends the watching, whether or not the change has come.
    func stop() {
        // The folder may be gone, and the watch with it.
        inotify_rm_watch(notifier, watch)
        queue.sync {}
        close(notifier)
    }

    private static func follow(_ notifier: Int32, _ change: Int, _ body: () -> Void) {
        var seen = 0
        var events = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(notifier, &events, events.count)
            if count <= 0 { return }
            var offset = 0
            while offset < count {
                let event = events.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: inotify_event.self) }
                // What is read last, whatever ended the watch.
                if event.mask & UInt32(IN_IGNORED) != 0 { return }
                seen += 1
                if seen == change { body() }
                offset += MemoryLayout<inotify_event>.size + Int(event.len)
            }
        }
    }
}
