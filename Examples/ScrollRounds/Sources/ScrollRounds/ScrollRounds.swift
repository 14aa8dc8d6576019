// Reads an index again and again in one process, and prints after each round what that process holds:
// `swift run -c release ScrollRounds http://localhost:9200 logs 20 > rounds.csv`. A service that reads for months must
// not grow.

import Glibc
import OpenSearchScroll

@main
struct ScrollRounds {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 4, let rounds = Int(arguments[3]) else {
            print("usage: ScrollRounds ENDPOINT INDEX ROUNDS")
            return
        }
        let client = try OpenSearchClient(configuration: OpenSearchConfiguration(endpoints: [arguments[1]]))
        print("round,documents,rss_kb,peak_kb,fds")
        // The first request starts the client's thread and its connection.
        _ = try await client.serverVersion()
        report(round: 0, documents: 0)
        for round in 1...max(rounds, 1) {
            let documents = try await client.withScroll(ScrollQuery(index: arguments[2])) { pages in
                var documents = 0
                for try await page in pages { documents += page.count }
                return documents
            }
            report(round: round, documents: documents)
        }
    }

    private static func report(round: Int, documents: Int) {
        print("\(round),\(documents),\(kilobytes("VmRSS")),\(kilobytes("VmHWM")),\(openFiles())")
    }

    /// A line of /proc/self/status, 0 if there is none.
    private static func kilobytes(_ name: String) -> Int {
        guard let file = fopen("/proc/self/status", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        while fgets(&line, 256, file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            if text.hasPrefix(name + ":") { return Int(text.filter(\.isNumber)) ?? 0 }
        }
        return 0
    }

    /// The entries of /proc/self/fd, without the one that this looks through.
    private static func openFiles() -> Int {
        guard let folder = opendir("/proc/self/fd") else { return 0 }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        // `.`, `..` and the folder itself.
        return count - 3
    }
}
