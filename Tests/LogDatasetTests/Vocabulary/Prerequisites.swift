import FoundationEssentials
import Glibc
import Testing

/// What some tests need from outside the package. `OPNILOG_REQUIRE_ALL=1` turns their absence into a failure.
enum Prerequisites {
    static let requireAll = getenv("OPNILOG_REQUIRE_ALL").map { String(cString: $0) } == "1"

    /// The folder of reference data: `OPNILOG_SHARED`, else `shared` beside the package.
    static let shared: String? = {
        let package = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
        let folder = getenv("OPNILOG_SHARED").map { String(cString: $0) } ?? "/\(package)/../shared"
        return access("\(folder)/vectors", R_OK) == 0 ? folder : nil
    }()

    /// A Python 3, from `OPNILOG_PYTHON`.
    static let python: String? = getenv("OPNILOG_PYTHON").map { String(cString: $0) }

    static let runsWithShared = shared != nil || requireAll
    static let runsWithPython = python != nil || requireAll
}

/// A new folder that `body` may fill; removed afterwards.
func withTemporaryFolder<R>(_ body: (String) throws -> R) throws -> R {
    let directory = TemporaryDirectory()
    defer { withExtendedLifetime(directory) {} }
    return try body(directory.path)
}

/// What a Python script prints, given one argument.
func runPython(_ script: String, _ argument: String = "") throws -> String {
    let python = try #require(Prerequisites.python, "set OPNILOG_PYTHON to a Python 3")
    return try withTemporaryFolder { folder in
        try Data(script.utf8).write(to: URL(filePath: "\(folder)/script.py"))
        let pipe = try #require(popen("'\(python)' '\(folder)/script.py' '\(argument)'", "r"))
        var output: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&chunk, 1, chunk.count, pipe), count > 0 { output += chunk[..<count] }
        #expect(pclose(pipe) == 0)
        return String(decoding: output, as: UTF8.self)
    }
}
