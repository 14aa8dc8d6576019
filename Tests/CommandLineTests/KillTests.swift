import FoundationEssentials
import Glibc
import OpenSearchScrollTesting
import Testing

@testable import opnilog_train

/// The built program is killed at seeded random instants and run again until it ends: nothing may be lost or doubled,
/// a subset drawn from the table is the same, and no worker may read more than one window again. `OPNILOG_KILLS=100`
/// tries so many schedules.
@Suite("kill -9", .timeLimit(.minutes(60)), .serialized)
struct KillTests {
    private static let schedules = TestFiles.variable("OPNILOG_KILLS").flatMap { Int($0) } ?? 10
    private static let workers = 2
    /// Kills of one schedule before it is left to end.
    private static let kills = 3

    private let folder = TestFolder()

    private struct Result: Equatable {
        let tableDigest: String?
        let splitDigest: String?
        let lines: UInt64?
        let windows: Int?
        /// A subset that is drawn from the table, as `sample` writes it.
        let subset: String
    }

    private func arguments(_ source: [String], _ output: String) -> [String] {
        ["collect", "--resume", "--output", folder.path(output), "--workers", "\(Self.workers)", "--progress", "none"]
            + source
    }

    private func start(_ arguments: [String]) throws -> ChildProcess {
        try ChildProcess(
            arguments, environment: [:], input: "/dev/null", output: folder.path("o"), errors: folder.path("e"))
    }

    private func result(_ output: String) async throws -> Result {
        let sample = ["sample", "--table", folder.path(output + "/templates.table"), "--samples", "300"]
        #expect(try await start(sample + ["--seed", "5", "--progress", "none"]).wait() == 0, "\(folder.text("e"))")
        let manifest = try JSONDecoder().decode(Manifest.self, from: Data(folder.text(output + "/manifest.json").utf8))
        return Result(
            tableDigest: manifest.table?.tableDigest, splitDigest: manifest.table?.splitDigest,
            lines: manifest.read?.lines, windows: manifest.read?.windows.count, subset: folder.text("o"))
    }

    /// How many windows an unfinished run has committed: whole lines of its journal.
    private func committed(_ output: String) -> Int {
        folder.text(output + "/buckets/journal").split(separator: "\n").count { $0.contains(" {\"window\":") }
    }

    @Test("over an index: the same digests, and at most a window a worker is read again")
    func index() async throws {
        let switches = RequestKill()
        let contents = GeneratedContents(
            documents: 3000, start: 444_444 * 3_600_000, interval: .milliseconds(14_400), untimedEvery: 50)
        var configuration = OpenSearchServer.Configuration(indices: ["logs": contents])
        configuration.fault = { _ in
            switches.request()
            return nil
        }
        let server = try OpenSearchServer(configuration: configuration)
        let source = ["--endpoint", server.url, "--page-size", "100"]
        #expect(try await start(arguments(source, "whole")).wait() == 0, "\(folder.text("e"))")
        let (windows, requests) = (server.count(of: .openScroll), switches.seen)
        let duration = try await fastest(source)
        let expected = try await result("whole")
        #expect(expected.lines == 3000 && expected.windows == windows && !expected.subset.isEmpty)
        var killed = 0
        for schedule in 0..<Self.schedules {
            var instants = SeededInstants(seed: UInt64(schedule))
            let output = "out\(schedule)"
            let opened = server.count(of: .openScroll)
            var kills = 0
            while true {
                // Most kills fall on a request; the others anywhere, the start and the merge included.
                let byRequest = kills < Self.kills && Int.random(in: 0..<3, using: &instants) > 0
                switches.arm(at: byRequest ? Int.random(in: 1...requests, using: &instants) : nil)
                let delay = duration * Double.random(in: 0...1, using: &instants)
                let child = try start(arguments(source, output))
                if byRequest { switches.aim(at: child.identifier) }
                let code = await child.wait(killingAfter: byRequest || kills == Self.kills ? .seconds(300) : delay)
                if code == 0 { break }
                try #require(code == 128 + SIGKILL, "schedule \(schedule): \(folder.text("e"))")
                kills += 1
            }
            killed += kills
            #expect(try await result(output) == expected, "schedule \(schedule)")
            let again = server.count(of: .openScroll) - opened - windows
            #expect(again <= kills * Self.workers, "schedule \(schedule): \(again) windows again after \(kills) kills")
            #expect(!folder.exists(output + "/buckets"), "schedule \(schedule)")
        }
        // Delays follow the fastest run; some come after the end all the same.
        #expect(killed * 4 >= Self.schedules)
    }

    /// How long the fastest of some runs takes. The very first one, which reads the program from disk, says little:
    /// kills spread over its time would mostly come after the end of those that follow.
    private func fastest(_ source: [String]) async throws -> Duration {
        var fastest = Duration.seconds(300)
        for run in 0..<3 {
            let begin = ContinuousClock.now
            #expect(try await start(arguments(source, "timed\(run)")).wait() == 0, "\(folder.text("e"))")
            fastest = min(fastest, ContinuousClock.now - begin)
        }
        return fastest
    }

    /// A run killed between its last window and the removal of its checkpoint has nothing left to read.
    private func expectGoingOn(from kept: Int, _ schedule: String) {
        let said = folder.text("e")
        let isRead = said.contains("everything is read already") || said.contains("holds the finished run already")
        #expect(isRead || said.contains("goes on: \(kept) window"), "\(schedule): \(said)")
    }

    @Test("over files: the same digests, and what was committed is not read again")
    func files() async throws {
        for file in 0..<12 {
            let lines = (0..<600).map { line in
                "{\"time\":\(1_600_000_000_000 + (file * 600 + line) * 10_000),\"log\":\"pod \(line % 97) of "
                    + "\(String(repeating: "x", count: line % 13 + 1)) is ready\"}\n"
            }
            try folder.write("in\(file).log", lines.joined())
        }
        let source = ["--input"] + (0..<12).map { folder.path("in\($0).log") }
        #expect(try await start(arguments(source, "whole")).wait() == 0, "\(folder.text("e"))")
        let duration = try await fastest(source)
        let expected = try await result("whole")
        #expect(expected.lines == 7200 && expected.windows == 12)
        var killed = 0
        for schedule in 0..<Self.schedules {
            var instants = SeededInstants(seed: UInt64(1000 + schedule))
            let output = "out\(schedule)"
            for kills in 0...Self.kills {
                let delay =
                    kills == Self.kills ? .seconds(300) : duration * Double.random(in: 0.1...1, using: &instants)
                let kept = committed(output)
                let isUnfinished = folder.exists(output + "/buckets/checkpoint.json")
                let code = try await start(arguments(source, output)).wait(killingAfter: delay)
                if code == 0 {
                    if kept > 0, isUnfinished { expectGoingOn(from: kept, "schedule \(schedule)") }
                    break
                }
                try #require(code == 128 + SIGKILL, "schedule \(schedule): \(folder.text("e"))")
                killed += 1
                // Nothing that was committed is ever lost, whenever the next kill comes. A run that is killed behind
                // its end needs it no more.
                let isFinished = folder.exists(output + "/manifest.json") && !folder.exists(output + "/buckets")
                #expect(committed(output) >= kept || isFinished, "schedule \(schedule)")
            }
            #expect(try await result(output) == expected, "schedule \(schedule)")
            #expect(!folder.exists(output + "/buckets"), "schedule \(schedule)")
        }
        // Delays follow the fastest run; some come after the end all the same.
        #expect(killed * 4 >= Self.schedules)
    }
}
