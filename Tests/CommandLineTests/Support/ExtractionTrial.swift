import FoundationEssentials
import Glibc
import OpenSearchScrollTesting
import Synchronization
import Testing

@testable import opnilog_train

/// An index over many hours, a server for it, and the program that extracts it.
struct ExtractionTrial: Sendable {
    static let hour: Int64 = 3_600_000
    /// Milliseconds since 1970: an hour's beginning.
    static let start: Int64 = 444_444 * hour

    let folder = TestFolder()
    let documents: [StoredContents.Document]
    let server: OpenSearchServer

    init(
        _ documents: [StoredContents.Document], _ change: (inout OpenSearchServer.Configuration) -> Void = { _ in }
    ) throws {
        self.documents = documents
        var configuration = OpenSearchServer.Configuration(indices: ["logs": StoredContents(documents)])
        change(&configuration)
        server = try OpenSearchServer(configuration: configuration)
    }

    /// Some documents over some hours; every ninth without a time.
    static func documents(_ count: Int, hours: Int64 = 20) -> [StoredContents.Document] {
        (0..<count).map { number in
            let moment = start + Int64(number) * hours * hour / Int64(count)
            let time = number % 9 == 0 ? "" : #""time":\#(moment),"#
            return StoredContents.Document(
                id: "id-\(number)", source: #"{\#(time)"log":"line \#(number) é","n":[1, 2]}"#)
        }
    }

    var output: String { folder.path("out.ndjson") }

    func arguments(_ options: [String] = [], to output: String? = nil) -> [String] {
        ["extract", "--endpoint", server.url, "--output", output ?? self.output, "--progress", "none"] + options
    }

    func run(_ options: [String] = [], to output: String? = nil) async throws -> ProgramRun {
        try await ProgramRun.of(arguments(options, to: output))
    }

    func child(_ options: [String] = [], to output: String? = nil, wrapper: [String] = []) throws -> ChildProcess {
        try ChildProcess(
            arguments(options, to: output), environment: [:], input: "/dev/null", output: folder.path("stdout"),
            errors: folder.path("stderr"), wrapper: wrapper)
    }

    func verify(_ options: [String] = []) async throws -> ProgramRun {
        try await ProgramRun.of(["verify", output + ".manifest.json", "--progress", "none"] + options)
    }

    /// What the output should hold, in any order.
    static func lines(_ documents: [StoredContents.Document]) -> [String] {
        documents.map { document in
            let source = String(decoding: document.source, as: UTF8.self).replacing("\n", with: " ")
            return #"{"_index":"logs","_id":"\#(document.id)","_source":\#(source)}"#
        }.sorted()
    }

    var written: [String] { folder.text("out.ndjson").split(separator: "\n").map(String.init).sorted() }

    /// Every document of the index exactly once, no torn line, and a manifest that adds up.
    func expectWhole(_ remark: Comment? = nil) throws {
        // Not the arrays themselves: a failure would print all of them.
        #expect(written == Self.lines(documents) ? true : false, remark)
        let text = folder.text("out.ndjson")
        #expect(text.isEmpty || text.hasSuffix("\n"), remark)
        let manifest = try manifest()
        #expect(manifest.outcome == "complete" && manifest.holes.isEmpty, remark)
        #expect(manifest.totals.documents == documents.count, remark)
        #expect(manifest.totals.bytes == text.utf8.count, remark)
        #expect(manifest.windows.reduce(0) { $0 + $1.delivered } == documents.count, remark)
        #expect(manifest.windows.reduce(0) { $0 + $1.total } == documents.count, remark)
        #expect(manifest.totals.drift == 0, remark)
        #expect(manifest.indices == ["logs": .init(planned: documents.count, delivered: documents.count)], remark)
        for name in ["out.ndjson", "out.ndjson.manifest.json"] { #expect(folder.mode(name) == 0o600, remark) }
        for name in ["checkpoint.json", "scrolls"] { #expect(!folder.exists("out.ndjson." + name), remark) }
    }

    func manifest() throws -> ExtractionManifest { try ExtractionManifest.read(output + ".manifest.json") }
}

/// Does something to a process at a request that a server gets of it.
final class RequestTrigger: Sendable {
    private struct State {
        var left = Int.max
        var victim: pid_t?
        var signal = SIGKILL
        var isReady: @Sendable () -> Bool = { true }
        var isDue = false
    }

    private let state = Mutex(State())
    private let seen = Mutex(0)

    /// Requests that came.
    var count: Int { seen.withLock { $0 } }

    /// Whether the request of the signal has come.
    var isDue: Bool { state.withLock { $0.isDue } }

    /// Sends a signal at the n-th request from now, or at once when that has come before the process is named.
    ///
    /// - Parameter isReady: asked until it says yes; the request is held until then, and the signal with it.
    func arm(at request: Int, signal: Int32 = SIGKILL, once isReady: @escaping @Sendable () -> Bool = { true }) {
        state.withLock { $0 = State(left: request, signal: signal, isReady: isReady) }
    }

    func aim(at victim: pid_t) {
        state.withLock { state in
            state.victim = victim
            if state.isDue { kill(victim, state.signal) }
        }
    }

    /// Called with each request. Who asked waits for the answer, so it is there.
    func request() {
        seen.withLock { $0 += 1 }
        let isReady: (@Sendable () -> Bool)? = state.withLock { state in
            state.left -= 1
            return state.left == 0 ? state.isReady : nil
        }
        guard let isReady else { return }
        while !isReady() { sched_yield() }
        state.withLock { state in
            state.isDue = true
            if let victim = state.victim { kill(victim, state.signal) }
        }
    }

    /// The same as a server's fault. Behind the request of the signal no page is answered until the next arming: who
    /// gets the signal late has not ended before.
    func fault(_ request: RequestInfo) -> Fault? {
        let wasDue = isDue
        self.request()
        return wasDue && [.openScroll, .continueScroll].contains(request.kind) ? .stall : nil
    }
}
