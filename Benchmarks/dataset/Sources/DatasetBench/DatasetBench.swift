import Glibc

/// What tables and draws take: `DatasetBench speed`, and whether draws keep their laws: `DatasetBench laws`.
@main struct DatasetBench {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        let size = arguments.dropFirst().first.flatMap { Int($0) }
        switch arguments.first {
        case "count": countingSpeed(lines: size ?? 4_000_000)
        case "speed":
            countingSpeed(lines: 4_000_000)
            try await diskAndDrawSpeed(templates: size ?? 1_000_000)
        case "laws": if try await !laws(lines: size ?? 100_000_000) { exit(1) }
        case "batches": try await batchSpeed(table: arguments.dropFirst().first ?? "templates.table")
        case "draw": try await diskAndDrawSpeed(templates: size ?? 1_000_000)
        default:
            print("usage: DatasetBench speed|draw [TEMPLATES] | count [LINES] | laws [LINES] | batches TABLE")
            exit(64)
        }
    }
}
