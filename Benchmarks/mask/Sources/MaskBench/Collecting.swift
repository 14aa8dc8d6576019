import Glibc
import LogDataset

/// Messages in memory as a source of one window, handed over page by page several times.
struct MemorySource: LogSource {
    let messages: Messages
    let rounds: Int

    var name: String { "memory" }

    func windows() async throws -> [LogWindow] { [LogWindow(name: "all", hour: Hour.none)] }

    func read(_ window: LogWindow, into sink: LogSink) async throws {
        for _ in 0..<rounds {
            for start in stride(from: 0, to: messages.spans.count, by: MemoryPage.length) {
                try await sink.add(MemoryPage(messages: messages, start: start))
            }
        }
    }
}

/// Some messages of the source, as an answer of a scroll has them.
struct MemoryPage: LogPage {
    static let length = 10_000

    let messages: Messages
    let start: Int

    private var spans: ArraySlice<Range<Int>> {
        messages.spans[start..<min(start + MemoryPage.length, messages.spans.count)]
    }

    var bytes: Int { spans.reduce(0) { $0 + $1.count } }

    func forEachMessage(_ body: (UnsafeRawBufferPointer, Hour) -> Void) -> PageTally {
        for span in spans { body(UnsafeRawBufferPointer(rebasing: messages.bytes[span]), .none) }
        return PageTally()
    }
}

/// Masks and counts every message `rounds` times, down to the table on disk.
func collect(_ messages: Messages, rounds: Int, workers: Int) async throws {
    var template = Array("/tmp/opnilog-mask-bench-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else { fatalError("no folder can be made in /tmp") }
    let folder = String(cString: made)
    defer {
        unlink(folder + "/" + TableCollector.fileName)
        rmdir(folder)
    }
    var configuration = DatasetConfiguration(directory: folder)
    configuration.workers = workers
    _ = try await TableCollector(source: MemorySource(messages: messages, rounds: rounds), configuration: configuration)
        .collect()
}
