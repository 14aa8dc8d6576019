import Testing

// One contract against every server there is. The real ones are opt-in, by the environment variables that
// Prerequisites names.

@Suite("The embedded server", .serialized, .embedded())
struct EmbeddedTests {
    @Test(arguments: ScrollContract.all)
    func holds(_ contract: ScrollContract) async throws { try await contract.check(try ServerTrait.current()) }

    @Test func brokenText() async throws { try await RealNodeChecks.brokenText(try ServerTrait.current()) }
}

@Suite(
    "A real node, 2.19", .serialized, .enabled(if: Prerequisites.hasNode, Comment(rawValue: Prerequisites.nodeReason)),
    .node("--set", "search.keep_alive_interval=1s"))
struct RealNode219Tests {
    @Test(arguments: ScrollContract.all)
    func holds(_ contract: ScrollContract) async throws { try await contract.check(try ServerTrait.current()) }

    @Test func real() async throws { try await RealNodeChecks.all(try ServerTrait.current()) }
}

@Suite(
    "A real node, 3.8", .serialized,
    .enabled(if: Prerequisites.hasNewNode, Comment(rawValue: Prerequisites.newJavaReason)),
    .node38())
struct RealNode38Tests {
    @Test(arguments: ScrollContract.all)
    func holds(_ contract: ScrollContract) async throws { try await contract.check(try ServerTrait.current()) }

    @Test func real() async throws { try await RealNodeChecks.all(try ServerTrait.current()) }
}

@Suite(
    "osmem-server", .serialized,
    .enabled(if: Prerequisites.hasPython, Comment(rawValue: Prerequisites.pythonReason)), .osmem())
struct OsmemTests {
    @Test(arguments: ScrollContract.all)
    func holds(_ contract: ScrollContract) async throws { try await contract.check(try ServerTrait.current()) }
}
