import OpenSearchScrollTesting
import Testing

@testable import OpenSearchScroll

/// Starts a server for a suite and stops it after the suite's last test, however the tests end.
struct ServerTrait: SuiteTrait, TestScoping {
    @TaskLocal static var target: TestTarget?

    var start: @Sendable () async throws -> (target: TestTarget, stop: @Sendable () async throws -> Void)

    func scopeProvider(for test: Test, testCase: Test.Case?) -> ServerTrait? { test.isSuite ? self : nil }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let (target, stop) = try await start()
        do {
            try await Self.$target.withValue(target) { try await function() }
        } catch {
            try await stop()
            throw error
        }
        try await stop()
    }

    static func current() throws -> TestTarget {
        guard let target else { throw Missing(description: "the suite has no server") }
        return target
    }
}

extension Trait where Self == ServerTrait {
    /// A real node, by the script that `OPNILOG_NODE` names.
    static func node(_ options: String...) -> ServerTrait {
        ServerTrait {
            guard let node = Prerequisites.node else { throw Missing(description: Prerequisites.nodeReason) }
            await NodeTurn.shared.take()
            let started: JSONValue
            do { started = try await startNode(options) } catch {
                await NodeTurn.shared.giveBack()
                throw error
            }
            guard let url = started["url"]?.string, let folder = started["dir"]?.string else {
                await NodeTurn.shared.giveBack()
                throw Missing(description: "the node did not start: \(started)")
            }
            var target = TestTarget(name: "node \(options)", url: url, openContexts: { nil }, isReal: true)
            target.caFile = started["ca"]?.string
            if target.caFile != nil { target.credentials = .basic(user: "admin", password: "admin-secret") }
            target.identities = started
            let bare = target
            target.openContexts = { try await scrollContexts(on: bare) }
            return (
                target,
                {
                    do { _ = try await Shell.run([node, "stop", folder]) } catch {
                        await NodeTurn.shared.giveBack()
                        throw error
                    }
                    await NodeTurn.shared.giveBack()
                }
            )
        }
    }

    /// The version that needs a newer Java: that of the Python environment.
    static func node38() -> ServerTrait {
        .node("--version", "3.8", "--java", Prerequisites.newJava ?? "")
    }

    /// Our own, in this process.
    static func embedded(shards: Int = 1) -> ServerTrait {
        ServerTrait {
            var configuration = OpenSearchServer.Configuration()
            configuration.shards = shards
            let server = try OpenSearchServer(configuration: configuration)
            let target = TestTarget(name: "embedded", url: server.url, openContexts: { server.openContexts })
            return (target, { server.stop() })
        }
    }

    /// The in-memory server of the Python environment.
    static func osmem() -> ServerTrait {
        ServerTrait {
            guard let python = Prerequisites.python else { throw Missing(description: Prerequisites.pythonReason) }
            let find = "import osmem_server; print(osmem_server.resolve_binary())"
            let binary = try await Shell.run([python, "-c", find]).split(separator: "\n")[0]
            let (child, line) = try await Shell.onThread {
                let child = try Child([String(binary)])
                return (child, child.readLine() ?? "")
            }
            guard let url = JSONValue(parsing: line)?["url"]?.string else {
                throw Missing(description: "osmem-server did not start: \(line)")
            }
            return (
                TestTarget(name: "osmem", url: url, openContexts: { nil }),
                {
                    try await Shell.onThread {
                        child.stop(); _ = child.wait()
                    }
                }
            )
        }
    }
}

private func scrollContexts(on target: TestTarget) async throws -> Int {
    let stats = try await target.send(.get, "/_nodes/stats/indices/search")
    guard case .object(let nodes) = stats["nodes"] else { throw Missing(description: "no nodes in \(stats)") }
    return nodes.values.reduce(0) { $0 + Int($1["indices"]?["search"]?["scroll_current"]?.integer ?? 0) }
}
