import Glibc
import Testing

@testable import LogDataset

/// Files whose rotation happens between the listing and the reading.
private struct RotatingSource: LogSource {
    let base: FileLogSource
    let rotate: @Sendable () throws -> Void

    var name: String { base.name }

    func windows() async throws -> [LogWindow] {
        let windows = try await base.windows()
        try rotate()
        return windows
    }

    func read(_ window: LogWindow, into sink: LogSink) async throws { try await base.read(window, into: sink) }
}

@Suite struct RotationTests {
    private let directory = TemporaryDirectory()

    /// So many lines that differ from file to file.
    private func lines(_ word: String, _ count: Int = 200) -> [UInt8] {
        Array((0..<count).map { "\(word) stands in \(String(repeating: "x", count: $0 % 9))\n" }.joined().utf8)
    }

    private func path(_ name: String) -> String { "\(directory.path)/\(name)" }

    private func run(_ command: String) throws { try #require(system("cd \(directory.path) && \(command)") == 0) }

    private func source(
        _ patterns: [String], keepsGoing: Bool = false, onEvent: (@Sendable (FileEvent) -> Void)? = nil
    ) -> FileLogSource {
        var configuration = FileLogSource.Configuration(paths: patterns)
        configuration.keepsGoing = keepsGoing
        configuration.onEvent = onEvent
        return FileLogSource(configuration)
    }

    /// The lines of each text that was counted.
    private func collected(_ source: any LogSource) async throws -> (counts: [String: UInt64], report: CollectionReport)
    {
        let output = TemporaryDirectory()
        let collector = TableCollector(source: source, configuration: DatasetConfiguration(directory: output.path))
        let (table, report) = try await collector.collect()
        var counts: [String: UInt64] = [:]
        for shard in 0..<TemplateShard.count {
            try table.forEachRecord(inShard: shard) { record in
                let word = String(decoding: record.masked.prefix { $0 != 0x20 }, as: UTF8.self)
                counts[word, default: 0] += record.count
            }
        }
        return (counts, report)
    }

    @Test func aFolderStandsForItsFilesAndALinkForTheFileItNames() async throws {
        _ = directory.file("a.log", lines("first"))
        _ = directory.file("b.log", lines("second"))
        _ = directory.file(".hidden", lines("hidden"))
        try run("mkdir inner && cp a.log inner/c.log && ln a.log hard.log && ln -s b.log soft.log")
        let (counts, report) = try await collected(source([directory.path]))
        #expect(counts == ["first": 200, "second": 200])
        #expect(report.windows.count == 2)
        let matched = source(["\(directory.path)/*", path("a.log")])
        #expect(
            try await matched.windows().map { $0.name.prefix { $0 != "," } }
                == ["a.log", "b.log", "inner/c.log"].map { path($0)[...] })
        // For who answers every line, each is what it is called.
        #expect(
            try await matched.paths()
                == ["a.log", "b.log", "hard.log", "inner/c.log", "soft.log", "a.log"].map { path($0) })
        try run("mkdir empty")
        let error = await #expect(throws: DatasetError.self) {
            try await FileLogSource(.init(paths: [path("empty")])).paths()
        }
        #expect(error?.message.hasPrefix("there is no file in the folder") == true)
    }

    @Test func whatIsRenamedAndPackedAfterTheListingIsFollowed() async throws {
        _ = directory.file("name.log", lines("newest"))
        _ = directory.file("name.log.1", lines("older"))
        try packed(by: "gzip", lines("oldest")).withUnsafeBytes { _ = directory.file("name.log.2.gz", Array($0)) }
        let files = source([directory.path])
        let (counts, report) = try await collected(
            RotatingSource(base: files) {
                try run("mv name.log.2.gz name.log.3.gz && gzip -n name.log.1 && mv name.log.1.gz name.log.2.gz")
                try run("mv name.log name.log.1 && printf 'later line\\n' > name.log")
            })
        #expect(counts == ["newest": 200, "older": 200, "oldest": 200])
        #expect(report.holes == [])
    }

    @Test func whatIsCopiedAndCutOffAfterTheListingIsFollowed() async throws {
        _ = directory.file("name.log", lines("kept"))
        let (counts, _) = try await collected(
            RotatingSource(base: source([path("name.log")])) {
                try run("cp name.log name.log.1 && printf 'later line\\n' > name.log")
            })
        #expect(counts == ["kept": 200])
    }

    @Test func aFileThatIsCutOffWhileItIsReadIsReadFromItsCopy() async throws {
        _ = directory.file("name.log", lines("kept", 100_000))
        let folder = directory.path
        // The rename is noticed when the file has been opened and nothing is read yet.
        let files = source([path("name.log")]) { event in
            guard event == .followed(path: "\(folder)/name.log", to: "\(folder)/moved.log") else { return }
            system("cd \(folder) && cp moved.log name.log.1 && truncate -s 100 moved.log")
        }
        let (counts, report) = try await collected(
            RotatingSource(base: files) { try run("mv name.log moved.log") })
        #expect(counts == ["kept": 100_000])
        #expect(report.total.lines == 100_000)
    }

    /// It is no shorter than it was, and is known by how it begins, or by how it ends where it ended.
    @Test(arguments: [
        // The writer keeps its place: zero bytes up to there.
        "truncate -s 0 moved.log && truncate -s 9M moved.log && echo later line >> moved.log",
        "sed s/kept/longer/ name.log.1 > moved.log",
        "head -c 5000 name.log.1 > moved.log && sed s/kept/longer/ name.log.1 >> moved.log",
    ])
    func aFileThatIsCutOffAndHasGrownAgainIsReadFromItsCopy(change: String) async throws {
        _ = directory.file("name.log", lines("kept", 20_000) + lines("last", 1))
        let folder = directory.path
        let files = source([path("name.log")]) { event in
            guard event == .followed(path: "\(folder)/name.log", to: "\(folder)/moved.log") else { return }
            system("cd \(folder) && cp moved.log name.log.1 && \(change)")
        }
        let (counts, _) = try await collected(RotatingSource(base: files) { try run("mv name.log moved.log") })
        #expect(counts == ["kept": 20_000, "last": 1])
    }

    /// What follows the cut cannot even be read.
    @Test func aPackedFileThatIsReplacedWhileItIsReadIsReadFromItsCopy() async throws {
        let whole = try packed(by: "gzip", lines("kept", 20_000))
        _ = directory.file("name.log.gz", whole)
        let folder = directory.path
        let files = source([path("name.log.gz")]) { event in
            guard event == .followed(path: "\(folder)/name.log.gz", to: "\(folder)/moved.gz") else { return }
            system("cd \(folder) && cp moved.gz name.log.1.gz && truncate -s 900 moved.gz")
            system("yes | head -c 60K >> \(folder)/moved.gz")
        }
        let (counts, _) = try await collected(RotatingSource(base: files) { try run("mv name.log.gz moved.gz") })
        #expect(counts == ["kept": 20_000])
    }

    @Test func aFileThatIsCutOffAndGrowsAgainWithoutACopyIsSaid() async throws {
        _ = directory.file("name.log", lines("kept", 20_000))
        let folder = directory.path
        let files = source([path("name.log")]) { event in
            guard event == .followed(path: "\(folder)/name.log", to: "\(folder)/moved.log") else { return }
            system("cd \(folder) && sed s/kept/longer/ moved.log > new && cat new > moved.log && rm new")
        }
        let error = await #expect(throws: DatasetError.self) {
            try await collected(RotatingSource(base: files) { try run("mv name.log moved.log") })
        }
        #expect(error?.message.hasPrefix("\(path("name.log")) was removed, or cut off and not kept") == true)
    }

    /// As Kubernetes does: `/var/log/containers` holds links, and the kubelet rotates what they lead to.
    @Test(arguments: ["mv 0.log 0.log.20260101-000000", "gzip -n 0.log", "cp 0.log 0.log.1 && : > 0.log"])
    func whatALinkLeadsToIsFollowedWhereItIsRotated(rotation: String) async throws {
        try run("mkdir -p pods/p1 containers && ln -s ../pods/p1/0.log containers/pod.log")
        _ = directory.file("pods/p1/0.log", lines("pod"))
        let (counts, _) = try await collected(
            RotatingSource(base: source([path("containers")])) {
                try run("cd pods/p1 && \(rotation) && printf 'later line\n' >> 0.log")
            })
        #expect(counts == ["pod": 200])
    }

    @Test func whatARotationUnderWayHoldsTwiceIsReadOnce() async throws {
        _ = directory.file("name.log", lines("copied"))
        try run("cp name.log name.log.1 && printf 'copied stands in the rest\\n' >> name.log")
        let packed = try packed(by: "gzip", lines("packed", 3_000))
        _ = directory.file("name.log.2", lines("packed", 3_000))
        _ = directory.file("name.log.2.gz", packed[..<(packed.count * 3 / 4)])
        let (counts, report) = try await collected(source([directory.path]))
        #expect(counts == ["copied": 201, "packed": 3_000])
        #expect(
            report.windows.map(\.name).sorted().map { $0.prefix { $0 != "," } }
                == [path("name.log"), path("name.log.2")].map { $0[...] })
    }

    @Test func filesOfDifferentLogsAndShortOnesAreNeverTakenForCopies() async throws {
        _ = directory.file("one.log", lines("same"))
        _ = directory.file("two.log", lines("same"))
        _ = directory.file("short.log", Array("started now\n".utf8))
        _ = directory.file("short.log.1", Array("started now\n".utf8))
        let (counts, _) = try await collected(source([directory.path]))
        #expect(counts == ["same": 400, "started": 2])
    }

    /// Heartbeats, which have no time: what was rotated is no copy, only a file that has just been written may be one.
    @Test func logsOfEqualLinesAreAllReadUnlessACopyIsNew() throws {
        func held(_ names: [String], after seconds: Int) throws -> [String: String] {
            let files = names.map { ListedFile(path($0)) }
            return try RotatedCopies(files, now: time(nil) + seconds) { () throws(DatasetError) in }.heldBy
        }
        func beats(_ count: Int) -> [UInt8] { Array(String(repeating: "heartbeat ok\n", count: count).utf8) }
        for (name, count) in [("a.log", 500), ("a.log.1", 300), ("a.log.2", 300), ("a.log.3", 900)] {
            _ = directory.file(name, beats(count))
        }
        for name in ["a.log.1.gz", "a.log.2.gz", "a.log.4.gz"] {
            _ = directory.file(name, try packed(by: "gzip", beats(name == "a.log.1.gz" ? 300 : 400)))
        }
        let names = ["a.log", "a.log.1", "a.log.2", "a.log.3", "a.log.4.gz"]
        #expect(try held(names, after: 700) == [:])
        #expect(try held(names, after: -700) == [:])
        // A copy has the name of its original, and holds no more.
        #expect(try held(Array(names.dropFirst()), after: 0) == [:])
        #expect(try held(names, after: 0) == [path("a.log.1"): path("a.log"), path("a.log.2"): path("a.log")])
        #expect(
            try held(["a.log", "a.log.1", "a.log.1.gz"], after: 0)
                == [path("a.log.1"): path("a.log"), path("a.log.1.gz"): path("a.log.1")])
        // Packing keeps the time.
        #expect(
            try held(["a.log", "a.log.1", "a.log.1.gz", "a.log.2", "a.log.2.gz"], after: 700)
                == [path("a.log.1.gz"): path("a.log.1"), path("a.log.2"): path("a.log.2.gz")])
    }

    /// A packed file that begins like a young log, or like one that has just been started, is no copy of it.
    @Test func aShortLogIsLeftOutOnlyForAPlainFileThatHoldsItOrForItsEqual() async throws {
        let old = Array("started now\n".utf8) + lines("older")
        try packed(by: "gzip", old).withUnsafeBytes { _ = directory.file("young.log.1.gz", Array($0)) }
        _ = directory.file("young.log", Array("started now\n".utf8))
        _ = directory.file("equal.log.1", Array("equal here\n".utf8))
        try packed(by: "gzip", Array("equal here\n".utf8)).withUnsafeBytes {
            _ = directory.file("equal.log.1.gz", Array($0))
        }
        _ = directory.file("plain.log.1", Array("plain one\nplain two\n".utf8))
        try packed(by: "zstd", Array("plain one\n".utf8)).withUnsafeBytes {
            _ = directory.file("plain.log.1.zst", Array($0))
        }
        let (counts, _) = try await collected(source([directory.path]))
        #expect(counts == ["started": 2, "older": 200, "equal": 1, "plain": 2])
    }

    /// A file of another log begins the same and is no copy, and neither is one that lacks what was listed.
    @Test func aFileThatIsGoneIsNotReplacedByWhatOnlyBeginsLikeIt() async throws {
        let banner = lines("banner")
        _ = directory.file("name.log", banner + lines("gone"))
        for (name, rest) in [("other.log", lines("other")), ("name.log.1", [])] {
            let gone = RotatingSource(base: source([path("name.log")])) {
                _ = directory.file(name, banner + rest)
                try run("rm name.log")
            }
            let error = await #expect(throws: DatasetError.self, "\(name)") { try await collected(gone) }
            #expect(error?.code == .unreadableFile)
            try run("rm -f \(name)")
            _ = directory.file("name.log", banner + lines("gone"))
        }
        // Of two that might be it, the one whose name has more of its name.
        _ = directory.file("name.log.2", banner + lines("gone"))
        let (counts, _) = try await collected(
            RotatingSource(base: source([path("name.log.2")])) {
                _ = directory.file("name.log.1", banner + lines("later", 400))
                try run("rm name.log && gzip -n name.log.2")
            })
        #expect(counts == ["banner": 200, "gone": 200])
    }

    /// Whatever their number, files are opened once more each at most, and no other is read for each of them.
    @Test func manyFilesOfOneLogAreNotHeldAgainstEachOther() async throws {
        let count = 1_000
        for number in 0..<count { _ = directory.file("part.\(number)", lines("part \(number)", number % 80 + 20)) }
        let files = (0..<count).map { ListedFile(path("part.\($0)")) }
        var looks = 0
        let copies = try RotatedCopies(files) { () throws(DatasetError) in looks += 1 }
        #expect(copies.heldBy == [:])
        #expect(looks < 2 * count)
        // Copies are found among them all the same: a whole one, and one that is being packed.
        try run("cat part.7 part.8 > part && gzip -n < part.8 > part.8.gz")
        let more = ["part", "part.8.gz"].map { ListedFile(path($0)) }
        let held = try RotatedCopies(files + more) { () throws(DatasetError) in }.heldBy
        #expect(held == [path("part.7"): path("part"), path("part.8.gz"): path("part.8")])
        let error = #expect(throws: DatasetError.self) {
            try RotatedCopies(files) { () throws(DatasetError) in throw .cancelled() }
        }
        #expect(error?.code == .cancelled)
    }

    @Test(arguments: [
        "", ".0", ".1", ".12.gz", "-20260131", "-20260131.zst", ".20260131", ".2026-01-31", "_2026-01-31",
        ".2026-01-31T12:00", "-2026013112", "-20260131-120000", ".2026-01-31.1", ".2026.01.31.gz", ".2026-01",
        "-1769860800",
    ])
    func namesOfOneLog(suffix: String) {
        for name in ["name.log", "host1", "web-1", "10.0.0.1.log"] {
            #expect(RotatedCopies.log("/var/log-1/\(name)\(suffix)") == "/var/log-1/\(name)")
        }
    }

    /// Numbers are part of a name unless they stand as a rotation puts them.
    @Test(arguments: [
        "host1", "web-1", "web-12", "web_1", "10.0.0.1", "node-10.0.0.1", "app-1.2.3", "worker.12345",
        "a-20261331", "a-1234567", "1", "2026-01-31", "-20260131", ".1", "T",
    ])
    func namesThatEndInANumberOfTheirOwn(name: String) {
        #expect(RotatedCopies.log("/var/log.1/\(name)") == "/var/log.1/\(name)")
        #expect(RotatedCopies.log("\(name).gz") == name)
    }

    /// Hosts that start alike have logs of their own.
    @Test func filesThatAreNumberedByHostAreNoCopies() async throws {
        for name in ["host1", "host2", "web-1", "web-2"] { _ = directory.file(name, lines("same")) }
        _ = directory.file("host3", lines("same") + Array("same and one\n".utf8))
        let (counts, report) = try await collected(source([directory.path]))
        #expect(counts == ["same": 1_001])
        #expect(report.windows.count == 5)
    }

    @Test func whatTheRunWritesIsNoLog() async throws {
        let log = directory.file("a.log", lines("log"))
        try run("mkdir -p out/runs outer && cp a.log out/b.log && cp a.log out/runs/1 && cp a.log outer/c.log")
        try run("ln -s out/b.log soft.log && sed s/log/other/ a.log > out/d.log")
        let (told, events) = AsyncStream.makeStream(of: FileEvent.self)
        func leavingOut(_ paths: [String]) -> FileLogSource {
            var configuration = FileLogSource.Configuration(paths: paths)
            configuration.ownFiles = (path("outer/../out"), ["b.log", "runs"])
            configuration.onEvent = { events.yield($0) }
            return FileLogSource(configuration)
        }
        let names = try await leavingOut([path("*")]).windows().map { $0.name.prefix { $0 != "," } }
        #expect(names == [log[...], path("out/d.log")[...], path("outer/c.log")[...]])
        // Windows are called as before, so a run that was begun without this goes on.
        let alone = try await leavingOut([log]).windows().map(\.name)
        #expect(try await source([log]).windows().map(\.name) == alone)
        for only in ["out/runs", "out/b.log", "out/r*", "soft.*"] {
            let error = await #expect(throws: DatasetError.self, "\(only)") {
                try await leavingOut([log, path(only)]).windows()
            }
            #expect(error?.code == .invalidSetting)
            #expect(error?.message.hasPrefix("\(path(only)) names nothing but what the run itself writes") == true)
        }
        events.finish()
        var all: [FileEvent] = []
        for await event in told { all.append(event) }
        #expect(all == [.outputLeftOut(folder: path("outer/../out"))])
    }

    /// No text names it, so it cannot be opened.
    @Test func aNameThatIsNotUTF8IsSaid() async throws {
        _ = directory.file("a.log", lines("fine"))
        try run("cp a.log $(printf 'caf\\351.log') && mkdir $(printf 'dir\\351') && touch $(printf '.hidden\\351')")
        let what = "\(directory.path)/caf\\xE9.log cannot be read, for its name is not UTF-8; rename it (mv $'…' …)"
        for named in [directory.path, path("*.log")] {
            let strict = source([named])
            let error = await #expect(throws: DatasetError.self) { try await collected(strict) }
            #expect(error?.message == what)
            await #expect(throws: DatasetError.self) { try await strict.paths() }
            let (counts, report) = try await collected(source([named, directory.path], keepsGoing: true))
            #expect(counts == ["fine": 200])
            #expect(report.holes.map(\.what) == [what])
        }
        // Names that cannot be written as text are not removed with the folder.
        try run("rm -r * .h*")
    }

    @Test func whatIsNoTextIsAHoleUnderKeepGoing() async throws {
        let fine = directory.file("a.log", lines("fine"))
        let foreign = directory.file("b.log", [0x50, 0x4B, 0x03, 0x04] + lines("zip"))
        let (counts, report) = try await collected(source([fine, foreign], keepsGoing: true))
        #expect(counts == ["fine": 200])
        #expect(
            report.holes.map(\.what) == [
                "\(foreign) is a zip archive, which is not read as logs; unpack it (unzip) and give what comes out"
            ])
    }

    @Test func whatIsGoneIsSaidAndUnderKeepGoingAHole() async throws {
        _ = directory.file("a.log", lines("stays"))
        _ = directory.file("b.log", lines("goes"))
        let strict = RotatingSource(base: source([directory.path])) { try run("rm b.log") }
        let error = await #expect(throws: DatasetError.self) { try await collected(strict) }
        #expect(error?.code == .unreadableFile)
        #expect(error?.message.hasPrefix("\(path("b.log")) was removed, or cut off") == true)
        _ = directory.file("b.log", lines("goes"))
        let lenient = RotatingSource(base: source([directory.path], keepsGoing: true)) { try run("rm b.log") }
        let (counts, report) = try await collected(lenient)
        #expect(counts == ["stays": 200])
        #expect(report.holes.map(\.what) == [error?.message])
    }

    @Test(arguments: ["gzip", "zstd"]) func whatStandsBeforeDamageCountsUnderKeepGoing(tool: String) async throws {
        let text = lines("before", 50_000)
        let whole = try packed(by: tool, text)
        let broken = directory.file("broken", whole[..<(whole.count - 5)])
        let (counts, report) = try await collected(
            source([broken, directory.file("fine", lines("fine"))], keepsGoing: true))
        #expect(counts["fine"] == 200)
        #expect((1..<50_001).contains(counts["before"] ?? 0))
        #expect(
            report.holes == [
                Hole(
                    what: "\(broken) is damaged at byte \(whole.count - 5): the compressed file ends in the middle; "
                        + "fetch or make the file again")
            ])
    }

    /// One look at the files decides what is dropped and what is read, when a run goes on.
    @Test func aFileThatChangesBetweenTwoLooksIsNotCountedTwice() async throws {
        let name = directory.file("name.log", lines("once"))
        let files = source([name])
        let first = try await files.windows().map { CommittedWindow(name: $0.name) }
        #expect(try await files.outdated(among: first) == [])
        _ = directory.file("name.log", lines("once", 300))
        #expect(try await files.windows(excluding: first).map(\.name) == [])
        #expect(try await files.outdated(among: first) == first.map(\.name))
        #expect(try await files.windows(excluding: []).count == 1)
    }
}
