import Glibc

/// What some tests need from the machine. With `OPNILOG_REQUIRE_ALL=1` such a test runs, and fails, where it is absent.
enum Prerequisites {
    /// The bridge to libtorch, as the environment names it or `make libtorch` left it; nil where there is none.
    static let bridge: String? = {
        if let path = TestFiles.variable("OPNILOG_TORCH"), !path.isEmpty { return path }
        let path = root + "/.build/bridge/libopnilog_torch.so"
        return access(path, R_OK) == 0 ? path : nil
    }()

    /// The folder of models and vectors that the original program made; nil where there is none.
    static let shared: String? = {
        let path = TestFiles.variable("OPNILOG_SHARED") ?? root + "/../shared"
        return access(path, R_OK) == 0 ? path : nil
    }()

    static var isAllRequired: Bool { TestFiles.variable("OPNILOG_REQUIRE_ALL") == "1" }

    static var runsTorch: Bool { bridge != nil || isAllRequired }
    static var runsShared: Bool { runsTorch && (shared != nil || isAllRequired) }

    /// The environment for a program that uses libtorch.
    static var environment: [String: String] { bridge.map { ["OPNILOG_TORCH": $0] } ?? [:] }

    /// The package's folder.
    private static let root: String = {
        var path = #filePath[...]
        for _ in 0..<4 { path = path[..<(path.lastIndex(of: "/") ?? path.startIndex)] }
        return String(path)
    }()
}
