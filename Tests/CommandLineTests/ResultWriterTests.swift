import Glibc
import Testing

@testable import opnilog_train

@Suite("What is written to standard output")
struct ResultWriterTests {
    private let folder = TestFolder()

    /// What stands in the file after each of the texts was written.
    private func written(_ texts: [String], longestLine: Int = 1 << 20) throws -> [String] {
        let descriptor = open(folder.path("out"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        var writer = ResultWriter(descriptor: descriptor, capacity: 8, longestLine: longestLine)
        var states: [String] = []
        for text in texts {
            try writer.write(Array(text.utf8))
            states.append(folder.text("out"))
        }
        try writer.flush()
        return states + [folder.text("out")]
    }

    @Test("whole lines only, wherever the buffer is full")
    func wholeLines() throws {
        let two = "one\ntwo\n"
        #expect(try written(["one\n", "two\nth", "ree", "\n"]) == ["", two, two, two, two + "three\n"])
        let long = "a long line goes on\n"
        #expect(try written(["a long line", " goes on", "\n", "x"]) == ["", "", long, long, long + "x"])
    }

    @Test("a line that is too long to keep is written in parts")
    func longLine() throws {
        let digits = "0123456789"
        let states = try written([digits, digits, "a\nb"], longestLine: 16)
        #expect(states == ["", digits + digits, digits + digits, digits + digits + "a\nb"])
    }

    @Test("lines that are ended one by one")
    func ended() throws {
        let descriptor = open(folder.path("out"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        var writer = ResultWriter(descriptor: descriptor, capacity: 8)
        try writer.write(line: "one")
        #expect(folder.text("out") == "")
        try writer.write(line: "three")
        #expect(folder.text("out") == "one\nthree\n")
    }

    @Test("an output that cannot be written is said once, and nothing is written twice")
    func full() throws {
        let descriptor = open("/dev/full", O_WRONLY | O_CLOEXEC)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        var writer = ResultWriter(descriptor: descriptor, capacity: 8)
        do {
            try writer.write(line: "a long line")
            Issue.record("no error")
        } catch {
            #expect(error.code == .output && error.remedy == "free space on its disk")
        }
        // Nothing is left that could fail again.
        try writer.flush()
    }
}
