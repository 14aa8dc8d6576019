import Testing

// Real nodes of both versions, killed, starved and hurried while we read from them. Opt-in, by the environment
// variables that Prerequisites names. One suite, so that one node runs at a time.

@Suite("Real nodes under faults", .serialized)
enum RealNodeFaultTests {
    @Suite(
        "2.19, one node", .serialized,
        .enabled(if: Prerequisites.hasNode, Comment(rawValue: Prerequisites.nodeReason)),
        .oldNode("--heap", "1g", "--set", "search.keep_alive_interval=1s"))
    struct Old {
        @Test(.timeLimit(.minutes(30)), arguments: NodeScenario.oneNode)
        func holds(_ scenario: NodeScenario) async throws { try await scenario.check(try RealNode.current()) }
    }

    @Suite(
        "3.8, one node", .serialized,
        .enabled(if: Prerequisites.hasNewNode, Comment(rawValue: Prerequisites.newJavaReason)),
        .newNode("--heap", "1g", "--set", "search.keep_alive_interval=1s"))
    struct New {
        @Test(.timeLimit(.minutes(30)), arguments: NodeScenario.oneNode)
        func holds(_ scenario: NodeScenario) async throws { try await scenario.check(try RealNode.current()) }
    }

    @Suite(
        "2.19, a search queue of 1", .serialized,
        .enabled(if: Prerequisites.hasNode, Comment(rawValue: Prerequisites.nodeReason)),
        .oldNode("--set", "thread_pool.search.size=1", "--set", "thread_pool.search.queue_size=1"))
    struct OldQueue {
        @Test(.timeLimit(.minutes(30)))
        func holds() async throws { try await BusyScenarios.queueOfOne(try RealNode.current()) }
    }

    @Suite(
        "3.8, a search queue of 1", .serialized,
        .enabled(if: Prerequisites.hasNewNode, Comment(rawValue: Prerequisites.newJavaReason)),
        .newNode("--set", "thread_pool.search.size=1", "--set", "thread_pool.search.queue_size=1"))
    struct NewQueue {
        @Test(.timeLimit(.minutes(30)))
        func holds() async throws { try await BusyScenarios.queueOfOne(try RealNode.current()) }
    }

    @Suite(
        "2.19, three nodes", .serialized,
        .enabled(if: Prerequisites.hasNode, Comment(rawValue: Prerequisites.nodeReason)),
        .oldNode("--nodes", "3", "--set", "search.keep_alive_interval=1s"))
    struct OldCluster {
        @Test(.timeLimit(.minutes(30)), arguments: NodeScenario.cluster)
        func holds(_ scenario: NodeScenario) async throws { try await scenario.check(try RealNode.current()) }
    }

    @Suite(
        "3.8, three nodes", .serialized,
        .enabled(if: Prerequisites.hasNewNode, Comment(rawValue: Prerequisites.newJavaReason)),
        .newNode("--nodes", "3", "--set", "search.keep_alive_interval=1s"))
    struct NewCluster {
        @Test(.timeLimit(.minutes(30)), arguments: NodeScenario.cluster)
        func holds(_ scenario: NodeScenario) async throws { try await scenario.check(try RealNode.current()) }
    }
}

extension NodeScenario {
    static let oneNode = [
        NodeScenario(testDescription: "a hot millisecond, documents without time", check: HotScenarios.all),
        NodeScenario(testDescription: "consumers that sleep ten keep-alives", check: SlowScenarios.sleepers),
        NodeScenario(testDescription: "room for one scroll", check: BusyScenarios.fewContexts),
        NodeScenario(testDescription: "an index deleted under way", check: ChangingScenarios.deleted),
        NodeScenario(testDescription: "indices that are closed, or none", check: ChangingScenarios.closed),
        NodeScenario(
            testDescription: "an index closed under windows by shard", check: ChangingScenarios.closedUnderShards),
        NodeScenario(testDescription: "an index of a pattern without shards", check: ChangingScenarios.red),
        NodeScenario(testDescription: "documents changed between reads", check: ChangingScenarios.drifting),
        NodeScenario(testDescription: "documents from a byte to 20 MB", check: LargeScenarios.all),
        NodeScenario(testDescription: "cleared within two seconds", check: ClearedScenarios.all),
        NodeScenario(testDescription: "killed and started again", check: KilledScenarios.oneNode),
    ]

    static let cluster = [
        NodeScenario(testDescription: "the node we ask is lost and comes back", check: KilledScenarios.comesBack),
        NodeScenario(testDescription: "a node is lost for good", check: KilledScenarios.staysAway),
    ]
}
