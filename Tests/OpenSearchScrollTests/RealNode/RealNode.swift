import Synchronization
import Testing

@testable import OpenSearchScroll

/// A real node, or a cluster of them, that a suite may kill and bring back.
struct RealNode: Sendable {
    @TaskLocal private static var running: RealNode?

    /// All of its addresses.
    let urls: [String]
    private let script: String
    private let folder: String

    static func current() throws -> RealNode {
        guard let running else { throw Missing(description: "the suite has no node") }
        return running
    }

    /// For what our own client never sends. Asks the first node.
    var target: TestTarget { TestTarget(name: "node", url: urls[0], openContexts: { nil }, isReal: true) }

    /// What went wrong last for our clients, of all tests so far.
    private static let failures = Mutex<[String]>([])

    /// Patient with a server that is away, as a real client is, and quick to look whether it is back.
    func client(_ change: (inout OpenSearchConfiguration) -> Void = { _ in }) throws -> OpenSearchClient {
        var configuration = OpenSearchConfiguration(endpoints: urls, patience: .seconds(120))
        configuration.longestBackoff = .seconds(1)
        configuration.onEvent = { event in
            guard let failure = event.failure else { return }
            Self.failures.withLock { $0 = $0.suffix(19) + [failure] }
        }
        change(&configuration)
        return try OpenSearchClient(configuration: configuration)
    }

    /// kill -9, and it stays down.
    func kill(_ number: Int) async throws {
        _ = try await Shell.run([script, "kill", folder, "--node", "\(number)"])
    }

    /// Brings it back, and waits until it is ready.
    func restart(_ number: Int) async throws {
        _ = try await Shell.run([script, "restart", folder, "--node", "\(number)"])
    }

    func set(_ setting: String, to value: String?) async throws {
        let value = value.map { #""\#($0)""# } ?? "null"
        try await target.send(.put, "/_cluster/settings", Array(#"{"transient":{"\#(setting)":\#(value)}}"#.utf8))
    }

    // MARK: Contexts

    /// Search contexts that are open on any node that is up.
    func openContexts() async throws -> Int {
        // More than once: one that is up may fail to answer for a while.
        for _ in 0..<10 {
            for url in urls {
                var target = target
                target.url = url
                guard let stats = try? await target.send(.get, "/_nodes/stats/indices/search", attempts: 5),
                    case .object(let nodes) = stats["nodes"]
                else { continue }
                return nodes.values.reduce(0) { $0 + Int($1["indices"]?["search"]?["open_contexts"]?.integer ?? 0) }
            }
        }
        throw Missing(description: "no node answers")
    }

    /// The server frees a context in the background, so it may be asked several times.
    func expectNothingOpen(
        within limit: Duration = .seconds(2), _ comment: Comment? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let end = ContinuousClock.now + limit
        var open = try await openContexts()
        while open > 0, ContinuousClock.now < end { open = try await openContexts() }
        let failures = Self.failures.withLock { $0 }
        #expect(
            open == 0, "\(comment.map { "\($0)" } ?? ""); what failed last: \(failures)", sourceLocation: sourceLocation
        )
    }

    // MARK: Starting

    /// Starts one for a suite, and stops it after the suite's last test.
    struct Starting: SuiteTrait, TestScoping {
        var options: [String]

        func scopeProvider(for test: Test, testCase: Test.Case?) -> Starting? { test.isSuite ? self : nil }

        func provideScope(
            for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
        ) async throws {
            await NodeTurn.shared.take()
            let result: Result<Void, any Error>
            do { result = .success(try await Self.provide(options, function)) } catch { result = .failure(error) }
            await NodeTurn.shared.giveBack()
            try result.get()
        }

        private static func provide(_ options: [String], _ function: () async throws -> Void) async throws {
            let node = try await RealNode.start(options)
            do {
                try await RealNode.$running.withValue(node) { try await function() }
            } catch {
                try await node.stop()
                throw error
            }
            try await node.stop()
        }
    }

    private static func start(_ options: [String]) async throws -> RealNode {
        let started = try await startNode(options)
        guard let script = Prerequisites.node, let folder = started["dir"]?.string else {
            throw Missing(description: "the node did not start: \(started)")
        }
        let urls = (started["urls"]?.elements ?? []).compactMap(\.string)
        return RealNode(urls: urls, script: script, folder: folder)
    }

    private func stop() async throws { _ = try await Shell.run([script, "stop", folder]) }
}

extension Trait where Self == RealNode.Starting {
    /// 2.19, with these options of the script.
    static func oldNode(_ options: String...) -> RealNode.Starting { RealNode.Starting(options: options) }

    /// 3.8, which needs a newer Java.
    static func newNode(_ options: String...) -> RealNode.Starting {
        RealNode.Starting(options: ["--version", "3.8", "--java", Prerequisites.newJava ?? ""] + options)
    }
}

extension ScrollEvent {
    /// What went wrong, if something did.
    fileprivate var failure: String? {
        switch self {
        case .notCleared(let error): "not freed: \(error)"
        case .retrying(_, _, _, let error): "tried again: \(error)"
        default: nil
        }
    }
}
