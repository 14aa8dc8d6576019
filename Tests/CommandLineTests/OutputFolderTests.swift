import Glibc
import Testing

@testable import opnilog_train

@Suite("Output folder")
struct OutputFolderTests {
    private func fault(_ path: String, refusing: [OutputFolder.File] = [.model], overwrite: Bool = false)
        -> CommandError?
    {
        do {
            _ = try OutputFolder(path, refusing: refusing, overwrite: overwrite)
            return nil
        } catch {
            return error
        }
    }

    @Test("is made for its owner only, with those above it")
    func made() throws {
        let folder = TestFolder()
        let output = try OutputFolder(folder.path("a/b"), refusing: [.model], overwrite: false)
        #expect(folder.mode("a/b") == 0o700)
        try output.write(Array("text".utf8), to: .manifest)
        #expect(folder.mode("a/b/manifest.json") == 0o600)
        #expect(folder.text("a/b/manifest.json") == "text")
        #expect(TestFiles.names(output.path) == [".lock", "manifest.json"])
    }

    @Test("a second run is told who holds it; after the first it is free")
    func locked() throws {
        let folder = TestFolder()
        do {
            let first = try OutputFolder(folder.path("o"), refusing: [], overwrite: false)
            let error = fault(first.path)
            #expect(error?.code == .usage)
            #expect(
                error?.description
                    == "\(first.path) is in use by process \(getpid()). wait until it ends, or give another --output.")
            withExtendedLifetime(first) {}
        }
        #expect(fault(folder.path("o")) == nil)
    }

    @Test("a result that is there already is not touched, unless asked")
    func refuses() throws {
        let folder = TestFolder()
        try folder.write("nulog_model_latest.pt", "model")
        let error = fault(folder.root)
        #expect(error?.code == .usage)
        #expect(
            error?.description
                == "\(folder.root) holds nulog_model_latest.pt already. "
                + "give another --output, or --overwrite to replace it.")
        #expect(fault(folder.root, overwrite: true) == nil)
        #expect(folder.text("nulog_model_latest.pt") == "model")
        #expect(fault(folder.root, refusing: [.table]) == nil)
    }

    @Test(
        "a file of another program's that has one of our names is not replaced, unless asked",
        arguments: [
            ("manifest.json", #"{"manifest_version": 3}"#), ("metrics.jsonl", #"{"loss": 1}"# + "\n"),
            ("memory.csv", "time;bytes\n"), ("vocab.txt", "apple\nbear\nplum\n"), ("model-card.md", "# BERT\n"),
            ("model-card.json", "{}"),
        ])
    func foreign(name: String, text: String) throws {
        let folder = TestFolder()
        try folder.write(name, text)
        let error = fault(folder.root)
        #expect(error?.code == .usage)
        #expect(
            error?.description
                == "\(folder.root) holds a \(name) that this program did not write. "
                + "give another --output, or --overwrite to replace it.")
        #expect(folder.text(name) == text)
        #expect(fault(folder.root, overwrite: true) == nil)
    }

    @Test("what a run that came to nothing has left is ours")
    func ours() throws {
        let folder = TestFolder()
        try folder.write("metrics.jsonl", "")
        try folder.write("memory.csv", "seconds,stage,resident_bytes\n0.1,end,1\n")
        try folder.write("vocab.txt", "6\n6\n<PAD>\n<CLS>\n<MASK>\n<UNK>\n<NUM>\nx\n")
        #expect(fault(folder.root) == nil)
        try folder.write("metrics.jsonl", #"{"phase":"reading","lines":3}"# + "\n")
        #expect(fault(folder.root) == nil)
    }

    @Test("what a killed run was writing is removed, but not what somebody writes, nor files of others")
    func leftovers() throws {
        let folder = TestFolder()
        let left = [
            "templates.table.4711.partial", ".manifest.json.4711.partial", "scrolls.open.4711.partial",
            "nulog_model_latest.pt.partial-4711", "vocab.txt.partial-4711.4711.partial",
        ]
        let kept = [
            "notes.4711.partial", "templates.table.4712.partial", "templates.table.partial", "vocab.txt.partial-",
        ]
        for name in left + kept { try folder.write(name, "words of logs") }
        let writing = open(folder.path(kept[1]), O_RDONLY)
        defer { close(writing) }
        try #require(flock(writing, LOCK_EX) == 0)
        #expect(fault(folder.root) == nil)
        #expect(TestFiles.names(folder.root) == [".lock"] + kept)
    }

    @Test("a file is no folder")
    func file() throws {
        let folder = TestFolder()
        try folder.write("f", "x")
        #expect(
            fault(folder.path("f"))?.description
                == "--output \(folder.path("f")) is no folder. give the name of a folder.")
        #expect(fault(folder.path("f/g"))?.code == .output)
    }

    @Test("a folder that may not be made is said with the reason", .enabled(if: access("/sys", F_OK) == 0, "no /sys"))
    func rights() throws {
        let folder = TestFolder()
        try #require(mkdir(folder.path("closed"), 0o500) == 0)
        // Not even root may make a folder there, which is said in words of the system's own.
        for place in geteuid() == 0 ? ["/sys"] : ["/sys", folder.path("closed")] {
            let error = fault(place + "/opnilog-none")
            #expect(error?.code == .output)
            let text = error?.description ?? ""
            #expect(text.hasPrefix("\(place)/opnilog-none cannot be written: "), "\(text)")
            #expect(text.hasSuffix("give an --output that this user may write to."), "\(text)")
        }
    }

    @Test("a full disk is said so, and the file before stays")
    func fullDisk() {
        let error = OutputFault.of("/o/manifest.json", ENOSPC)
        #expect(error.code == .output)
        #expect(
            error.description
                == "/o/manifest.json cannot be written: No space left on device. "
                + "free space there, or give another --output.")
        #expect(OutputFault.of("/o", EACCES).description.hasSuffix("that this user may write to."))
    }

    @Test("resident memory is written once a second and at the end")
    func memoryLog() throws {
        let folder = TestFolder()
        do {
            try folder.write("memory.csv", "the record of a run before")
            let log = MemoryLog(path: folder.path("memory.csv"))
            log.record(stage: "reading", isLast: false)
            #expect(folder.text("memory.csv") == "the record of a run before")
            try log.begin()
            log.record(stage: "reading", isLast: false)
            log.record(stage: "end", isLast: true)
        }
        let lines = folder.text("memory.csv").split(separator: "\n")
        // A test that is held up for a second has another line of the reading.
        try #require(lines.count >= 3)
        #expect(lines[0] == "seconds,stage,resident_bytes")
        let (first, last) = (lines[1].split(separator: ","), lines[lines.count - 1].split(separator: ","))
        try #require(first.count == 3 && last.count == 3)
        #expect(first[1] == "reading" && Double(first[0]).map { $0 >= 0 } == true)
        #expect(last[1] == "end" && Int(last[2]).map { $0 > 1_000_000 } == true)
        #expect(folder.mode("memory.csv") == 0o600)
    }
}
