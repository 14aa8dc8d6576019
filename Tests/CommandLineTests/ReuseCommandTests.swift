import FoundationEssentials
import Glibc
import OpenSearchScrollTesting
import Testing

@testable import opnilog_train

@Suite("--reuse", .timeLimit(.minutes(30)))
struct ReuseCommandTests {
    private let folder = TestFolder()
    private static let hour: Int64 = 3_600_000
    private static let start = 444_444 * hour

    /// So many hours of 100 logs each; what is in an hour does not depend on how many there are.
    private static func contents(hours: Int) -> GeneratedContents {
        GeneratedContents(documents: hours * 100, start: start, interval: .milliseconds(36_000))
    }

    private func server(
        hours: Int = 8, _ change: (inout OpenSearchServer.Configuration) -> Void = { _ in }
    ) throws -> OpenSearchServer {
        var configuration = OpenSearchServer.Configuration(indices: ["logs": Self.contents(hours: hours)])
        change(&configuration)
        return try OpenSearchServer(configuration: configuration)
    }

    private func arguments(_ server: OpenSearchServer, _ output: String, _ options: [String]) -> [String] {
        [
            "collect", "--endpoint", server.url, "--output", folder.path(output), "--workers", "2", "--parallel", "1",
            "--progress", "none",
        ] + options
    }

    private func collect(
        _ server: OpenSearchServer, into output: String, _ options: [String] = []
    ) async throws -> ProgramRun {
        try await ProgramRun.of(arguments(server, output, options))
    }

    private func manifest(_ output: String) throws -> Manifest {
        try JSONDecoder().decode(Manifest.self, from: Data(folder.text(output + "/manifest.json").utf8))
    }

    private func since(_ hours: Int64) -> [String] { ["--since", "\(Self.start + hours * Self.hour)"] }

    @Test("only new hours are read, old ones are left out, and the table is that of a run from scratch")
    func slides() async throws {
        let server = try server()
        #expect(try await collect(server, into: "a", since(0)).code == 0)
        server.setContents(Self.contents(hours: 10), of: "logs")
        let opened = server.count(of: .openScroll)
        let run = try await collect(server, into: "b", since(2) + ["--reuse", folder.path("a")])
        #expect(run.code == 0, "\(run.errors)")
        #expect(run.errors.hasPrefix("opnilog-train: reused: 6 windows, 600 documents, are not read again\n"))
        #expect(server.count(of: .openScroll) - opened == 2)
        let read = try manifest("b").read
        #expect(read?.lines == 800 && read?.windowsReused == 6 && read?.documentsReused == 600)
        #expect(read?.windows.map(\.isReused) == [true, true, true, true, true, true, false, false])
        #expect(try await collect(server, into: "whole", since(2)).code == 0)
        #expect(folder.bytes("b/templates.table") == folder.bytes("whole/templates.table"))
        #expect(try manifest("b").table?.tableDigest == manifest("whole").table?.tableDigest)
        for name in TestFiles.names(folder.path("b/hours")) { #expect(folder.mode("b/hours/" + name) == 0o600) }

        let rechecked = try await collect(server, into: "c", since(2) + ["--reuse", folder.path("b"), "--recheck"])
        #expect(rechecked.code == 0 && !rechecked.errors.contains("reused"))
        #expect(try manifest("c").read?.documentsReused == 0)
        #expect(folder.bytes("c/templates.table") == folder.bytes("whole/templates.table"))
    }

    @Test("a run that takes over and is interrupted goes on with what it has taken over")
    func resumes() async throws {
        let (asked, continuation) = AsyncStream.makeStream(of: Void.self)
        let server = try server { configuration in
            configuration.fault = { request in
                guard request.kind == .openScroll, request.ordinal == 10 else { return nil }
                continuation.finish()
                return .stall
            }
        }
        #expect(try await collect(server, into: "a").code == 0)
        server.setContents(Self.contents(hours: 12), of: "logs")
        let options = ["--reuse", folder.path("a")]
        let child = try ChildProcess(
            arguments(server, "b", options), environment: [:], input: "/dev/null", output: folder.path("o"),
            errors: folder.path("e"))
        for await _ in asked {}
        child.signal(SIGKILL)
        #expect(await child.wait() == 128 + SIGKILL)
        // What it had taken over is its own by now.
        TestFiles.names(folder.path("a/hours")).forEach { unlink(folder.path("a/hours/" + $0)) }
        let run = try await collect(server, into: "b", options + ["--resume"])
        #expect(run.code == 0, "\(run.errors)")
        #expect(run.errors.contains("goes on: 10 windows, 1,000 documents, are read already"))
        #expect(try manifest("b").read?.documentsReused == 800)
        #expect(try await collect(server, into: "whole").code == 0)
        #expect(folder.bytes("b/templates.table") == folder.bytes("whole/templates.table"))
    }

    @Test("a folder of somebody else's by the name of one of ours ends a run at its start", arguments: [false, true])
    func foreignFolders(overwrites: Bool) async throws {
        let server = try server()
        try folder.write("in.log", "a\n")
        for name in ["hours", "hours.old", "buckets"] {
            let output = folder.path("\(name)-\(overwrites)")
            try #require(mkdir(output, 0o700) == 0 && mkdir("\(output)/\(name)", 0o700) == 0)
            let files = ["1.run", "timesheet.txt"]
            for file in files { try folder.write("\(name)-\(overwrites)/\(name)/\(file)", "mine") }
            for source in [["--endpoint", server.url], ["--input", folder.path("in.log")]] {
                let run = try await ProgramRun.of(
                    ["collect", "--output", output, "--progress", "none"] + source
                        + (overwrites ? ["--overwrite"] : []))
                #expect(run.code == 64)
                #expect(
                    run.errors == "opnilog-train: \(output)/\(name) holds timesheet.txt, which is no file of a run; a "
                        + "run keeps what it reads under that name: move the folder away, or name another output folder.\n"
                )
                #expect(TestFiles.names("\(output)/\(name)") == files)
                #expect(TestFiles.names(output) == [".lock", name])
            }
        }
        #expect(server.count(of: .openScroll) == 0)
    }

    @Test("a damaged checkpoint of the earlier run, or a newer one, is said, and everything is read")
    func damagedCheckpoint() async throws {
        let server = try server()
        #expect(try await collect(server, into: "a").code == 0)
        let path = "a/hours/checkpoint.json"
        let newer = #"{"format":2,"startedAt":1,"settings":{}}"#
        for (name, text, fault) in [
            ("b", "{", "is damaged"), ("c", newer, "has format 2, newer than this opnilog reads (1)"),
        ] {
            try folder.write(path, text)
            let run = try await collect(server, into: name, ["--reuse", folder.path("a")])
            #expect(run.code == 0, "\(run.errors)")
            #expect(run.errors.hasPrefix("opnilog-train: nothing is reused: \(folder.path(path)) \(fault)\n"))
            #expect(folder.bytes("\(name)/templates.table") == folder.bytes("a/templates.table"))
            #expect(folder.text(path) == text)
        }
    }

    @Test(
        "what a run has left that was killed between its last two steps goes with the next", arguments: [true, false])
    func oldHours(keeps: Bool) async throws {
        let server = try server()
        #expect(try await collect(server, into: "a").code == 0)
        try #require(mkdir(folder.path("a/hours.old"), 0o700) == 0)
        try folder.write("a/hours.old/1.run", "words of logs")
        let run = try await collect(server, into: "a", ["--resume"] + (keeps ? [] : ["--discard-hours"]))
        #expect(run.code == 0 && run.errors.hasSuffix("holds the finished run already; nothing is to be done\n"))
        #expect(!folder.exists("a/hours.old") && folder.exists("a/hours") == keeps)
    }

    @Test("a folder is its own earlier run; other settings, no hours and no folder are said")
    func folders() async throws {
        let server = try server()
        let own = ["--reuse", folder.path("a"), "--overwrite"]
        let first = try await collect(server, into: "a", own)
        #expect(first.code == 0)
        #expect(
            first.errors.hasPrefix(
                "opnilog-train: nothing is reused: the folder of --reuse holds no hours of an earlier run\n"))
        let second = try await collect(server, into: "a", own)
        #expect(second.errors.hasPrefix("opnilog-train: reused: 8 windows, 800 documents, are not read again\n"))
        let names = [".lock", "hours", "manifest.json", "memory.csv", "metrics.jsonl", "templates.table"]
        #expect(TestFiles.names(folder.path("a")) == names)
        let query = try await collect(server, into: "b", own + ["--query", #"{"match_all":{}}"#])
        #expect(query.errors.hasPrefix("opnilog-train: nothing is reused: the earlier run had other settings: query\n"))
        try folder.write("masks.yaml", "masks:\n  - name: pod\n    pattern: pod\n    token: <POD>\n")
        let rules = try await collect(server, into: "d", own + ["--masks", folder.path("masks.yaml")])
        #expect(rules.code == 0)
        #expect(
            rules.errors.hasPrefix("opnilog-train: nothing is reused: the earlier run had other settings: mask rules\n")
        )
        let missing = try await collect(server, into: "c", ["--reuse", folder.path("no")])
        #expect(missing.code == 64)
        #expect(
            missing.errors == "opnilog-train: --reuse: there is no folder \(folder.path("no")). "
                + "name the output folder of an earlier run.\n")
        let discarding = try await collect(server, into: "a", own + ["--discard-hours"])
        #expect(discarding.code == 0 && discarding.errors.contains("reused: 8 windows"))
        #expect(TestFiles.names(folder.path("a")) == names.filter { $0 != "hours" })
    }
}
