import FoundationEssentials
import LogDataset
import OpenSearchScrollTesting
import Testing

@testable import opnilog_train

@Suite("Limits of reading", .timeLimit(.minutes(30)))
struct LimitCommandTests {
    private let folder = TestFolder()

    private func server() throws -> OpenSearchServer {
        let contents = GeneratedContents(
            documents: 2000, start: 444_444 * 3_600_000, interval: .milliseconds(36_000))
        return try OpenSearchServer(configuration: .init(indices: ["logs": contents]))
    }

    private func collect(_ server: OpenSearchServer, _ options: [String], into output: String) async throws
        -> ProgramRun
    {
        try await ProgramRun.of(
            ["collect", "--endpoint", server.url, "--output", folder.path(output), "--progress", "none"] + options)
    }

    private func manifest(_ output: String) throws -> Manifest {
        try JSONDecoder().decode(Manifest.self, from: Data(folder.bytes(output + "/manifest.json")))
    }

    @Test("a share of the documents: exit 2, said and written down; --resume reads the rest")
    func share() async throws {
        let server = try server()
        let part = try await collect(server, ["--read-fraction", "24%", "--seed", "3"], into: "a")
        #expect(part.code == 2)
        #expect(part.errors.hasPrefix("opnilog-train: 20 hours, read in the order of seed 3\n"))
        #expect(
            part.errors.contains("stopped early, the --read-fraction is read: 5 of 20 hours are read; about 1,500 "))
        #expect(
            part.errors.hasSuffix(
                "partial: run again with --resume, and without --read-fraction or with a larger one, to read what is "
                    + "missing\n"))
        let found = try manifest("a")
        #expect(found.outcome == "partial" && found.table?.lines == 500)
        #expect(found.read?.stopped?.reason == .share && found.read?.stopped?.hours == 5)
        #expect(server.count(of: .openScroll) == 5)
        let again = try await collect(server, ["--read-fraction", "24%", "--seed", "4", "--resume"], into: "a")
        #expect(again.code == 2 && server.count(of: .openScroll) == 5)
        let other = try await collect(server, ["--read-fraction", "24%", "--seed", "4"], into: "b")
        #expect(other.code == 2)
        let windows = try (manifest("a").read?.windows.map(\.name), manifest("b").read?.windows.map(\.name))
        #expect(windows.0 != windows.1 && windows.0?.count == 5 && windows.1?.count == 5)
        let rest = try await collect(server, ["--resume"], into: "a")
        #expect(rest.code == 0, "\(rest.errors)")
        #expect(try await collect(server, [], into: "whole").code == 0)
        #expect(folder.bytes("a/templates.table") == folder.bytes("whole/templates.table"))
        #expect(try manifest("a").outcome == "complete" && manifest("a").read?.stopped == nil)
    }

    @Test("until little is unseen: what is estimated is said on the way")
    func unseen() async throws {
        let run = try await collect(try server(), ["--until-unseen", "99%"], into: "a")
        #expect(run.code == 2)
        #expect(run.errors.contains("8 hours are read; about "))
        #expect(run.errors.contains("stopped early, --until-unseen is reached: 8 of 20 hours are read"))
        #expect(
            run.errors.hasSuffix(
                "with --resume, and without --until-unseen or with a smaller one, to read what is missing\n"))
        // The time is each run's own, so the same command goes on.
        let time = try await collect(try server(), ["--time-budget", "1ms", "--parallel", "1"], into: "b")
        #expect(time.code == 2 && time.errors.hasSuffix("partial: run again with --resume to read what is missing\n"))
    }

    @Test("what a settings file or the environment says of an index does nothing to files")
    func files() async throws {
        for name in ["a", "b", "c"] { try folder.write("\(name).log", "\(name) line\n") }
        try folder.write("broken.log.gz", [0x1F, 0x8B, 8, 0])
        try folder.write(
            "c.yaml",
            "read-fraction: 0.1\ntime-budget: 1h\nreuse: /nowhere/earlier\nrequire-complete: true\n")
        let inputs = ["a.log", "b.log", "c.log"].map(folder.path)
        let options = ["--config", folder.path("c.yaml"), "--progress", "none"]
        let run = try await ProgramRun.of(
            ["collect", "--output", folder.path("out"), "--input"] + inputs + options,
            environment: ["OPNILOG_UNTIL_UNSEEN": "99%"])
        #expect(run.code == 0, "\(run.errors)")
        #expect(try manifest("out").read?.lines == 3 && manifest("out").read?.stopped == nil)
        let lenient = try await ProgramRun.of(
            ["collect", "--output", folder.path("lenient"), "--keep-going", "--input", folder.path("broken.log.gz")]
                + inputs + options)
        #expect(lenient.code == 2, "\(lenient.errors)")
        #expect(try manifest("lenient").read?.holes.count == 1)
    }

    @Test("limits go with each other, and not with what contradicts them")
    func excludes() async throws {
        let server = try server()
        let both = try await collect(server, ["--time-budget", "1h", "--read-fraction", "5%"], into: "a")
        #expect(both.code == 2 && both.errors.contains("the --read-fraction is read: 1 of 20 hours"))
        let reuse = try await collect(server, ["--time-budget", "1h", "--reuse", folder.path("a")], into: "b")
        #expect(reuse.code == 64)
        #expect(reuse.errors.hasPrefix("opnilog-train: --time-budget and --reuse: the one reads a fair sample"))
        let complete = try await collect(server, ["--until-unseen", "1%", "--require-complete"], into: "b")
        #expect(complete.code == 64)
    }
}
