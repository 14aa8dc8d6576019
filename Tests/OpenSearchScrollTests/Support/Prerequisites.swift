import Glibc

/// What tests need of the machine, told by environment variables. What is absent is skipped, with a reason; with
/// `OPNILOG_REQUIRE_ALL=1` it fails instead.
enum Prerequisites {
    /// The script that starts a real node.
    static let node = environment("OPNILOG_NODE")
    /// The Python of the test environment, which brings `osmem-server`.
    static let python = environment("OPNILOG_PYTHON")
    /// A Java of 21 or newer, for servers that need one: `OPNILOG_JAVA`, or that of the Python environment.
    static let newJava =
        environment("OPNILOG_JAVA")
        ?? python.map { $0.split(separator: "/", omittingEmptySubsequences: false).dropLast(2).joined(separator: "/") }
    static let requireAll = environment("OPNILOG_REQUIRE_ALL") == "1"

    static var hasNode: Bool { node != nil || requireAll }
    static var hasNewNode: Bool { (node != nil && newJava != nil) || requireAll }
    static var hasPython: Bool { python != nil || requireAll }
    static let nodeReason = "OPNILOG_NODE does not name the script that starts a real node"
    static let newJavaReason =
        "OPNILOG_NODE, and OPNILOG_JAVA or OPNILOG_PYTHON with a Java of 21 or newer, are not set"
    static let pythonReason = "OPNILOG_PYTHON does not name the Python of the test environment"

    /// The folder of recorded exchanges.
    static let transcripts: String? = {
        let source = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        let package = source.dropLast(4).joined(separator: "/")
        let shared = environment("OPNILOG_SHARED") ?? package + "/../shared"
        let folder = shared + "/opensearch/transcripts"
        return access(folder, R_OK) == 0 ? folder : nil
    }()
    static var hasTranscripts: Bool { transcripts != nil || requireAll }
    static let transcriptsReason = "neither OPNILOG_SHARED nor a folder shared beside the package holds the transcripts"

    private static func environment(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }
}

struct Missing: Error, CustomStringConvertible {
    var description: String
}

func readFile(_ path: String) throws -> [UInt8] {
    guard let file = fopen(path, "r") else { throw Missing(description: "cannot read \(path)") }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = fread(&chunk, 1, chunk.count, file), count > 0 { bytes += chunk[..<count] }
    return bytes
}
