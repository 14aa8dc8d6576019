// Reads an index as a service would and says what that took, as one line of JSON:
// ScrollBench ENDPOINT INDEX PARALLEL automatic|whole|field [ROUNDS]; with PARALLEL 0, as many scrolls as by default.

import Glibc
import OpenSearchScroll

@main
struct ScrollBench {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 5, let parallel = Int(arguments[3]) else {
            print("usage: ScrollBench ENDPOINT INDEX PARALLEL automatic|whole|field [ROUNDS]")
            exit(64)
        }
        let client = try OpenSearchClient(
            configuration: OpenSearchConfiguration(endpoints: [arguments[1]], parallel: parallel == 0 ? nil : parallel))
        var query = ScrollQuery(index: arguments[2])
        query.source = ["whole": .whole, "field": .field][arguments[4], default: .automatic]
        let rounds = arguments.count > 5 ? Int(arguments[5]) ?? 1 : 1
        for _ in 0..<rounds { try await read(client, query) }
    }

    private static func read(_ client: OpenSearchClient, _ query: ScrollQuery) async throws {
        let start = ContinuousClock.now
        let cpu = cpuSeconds()
        let plan = try await client.plan(query)
        let planSeconds = (ContinuousClock.now - start) / .seconds(1)
        let (documents, bytes, messageBytes) = try await client.withScroll(plan, of: query) { pages in
            var documents = 0
            var bytes = 0
            var messageBytes = 0
            for try await page in pages {
                documents += page.count
                bytes += page.bytes
                page.forEachMessage { messageBytes += $0.count }
            }
            return (documents, bytes, messageBytes)
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        print(
            #"{"documents":\#(documents),"bytes":\#(bytes),"messageBytes":\#(messageBytes),"seconds":\#(seconds),"#
                + #""planSeconds":\#(planSeconds),"windows":\#(plan.windows.count),"#
                + #""cpu":\#(cpuSeconds() - cpu),"peakRSS":\#(memory("VmHWM:")),"rss":\#(memory("VmRSS:")),"#
                + #""descriptors":\#(openDescriptors())}"#)
    }

    private static func usage() -> rusage {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage
    }

    private static func cpuSeconds() -> Double {
        let usage = usage()
        return [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
    }

    /// Bytes, out of /proc: what getrusage calls the peak begins with that of the process that started this one.
    private static func memory(_ name: String) -> Int {
        guard let file = fopen("/proc/self/status", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        while fgets(&line, 256, file) != nil {
            let words = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
                .split(whereSeparator: \.isWhitespace)
            if words.count > 1, words[0] == name { return (Int(words[1]) ?? 0) * 1024 }
        }
        return 0
    }

    private static func openDescriptors() -> Int {
        guard let folder = opendir("/proc/self/fd") else { return 0 }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        // Itself, this folder's and its parent's entries.
        return count - 3
    }
}
