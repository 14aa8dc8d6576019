import Glibc
import Testing

@testable import opnilog_train

@Suite("Help pages")
struct HelpPageTests {
    private static let folder: String = {
        let file = #filePath
        return file.prefix(upTo: file.lastIndex(of: "/") ?? file.startIndex) + "/Snapshots/"
    }()

    /// Compares with the committed page; `OPNILOG_WRITE_SNAPSHOTS=1` writes it instead.
    private func compare(_ page: String, _ name: String) throws {
        let path = Self.folder + name + ".txt"
        if TestFiles.variable("OPNILOG_WRITE_SNAPSHOTS") == "1" {
            let file = try #require(fopen(path, "w"))
            defer { fclose(file) }
            try #require(fputs(page, file) >= 0)
        }
        let committed = try #require(TestFiles.text(path), "\(path) is missing")
        #expect(page == committed, "if the change is wanted: OPNILOG_WRITE_SNAPSHOTS=1 swift test --filter HelpPage")
    }

    @Test("pages are as committed", arguments: Command.allCases)
    func snapshot(command: Command) throws {
        try compare(HelpPage.of(command), "help-" + command.rawValue.replacing(" ", with: "-"))
    }

    @Test("the overview is as committed")
    func overview() throws { try compare(HelpPage.overview, "help") }

    @Test("the commands of one word are listed")
    func group() {
        let page = HelpPage.ofGroup("table")
        #expect(page.hasPrefix("Usage: opnilog-train table COMMAND [options]\n\nCommands:\n  table merge   Adds "))
        for command in Command.beginning(with: "table") { #expect(page.contains("\n  \(command.rawValue) ")) }
        #expect(!page.contains("train  ") && page.split(separator: "\n").allSatisfy { $0.count <= 100 })
    }

    @Test("no line is longer than 100 columns", arguments: Command.allCases)
    func width(command: Command) {
        for line in (HelpPage.of(command) + HelpPage.overview).split(separator: "\n") {
            #expect(line.count <= 100, "\(line)")
        }
    }

    @Test("no flag is offered for a secret")
    func secrets() {
        for command in Command.allCases { #expect(!HelpPage.of(command).contains("--password")) }
    }

    @Test("wrapping keeps words and indents")
    func wrapping() {
        let text = Array(repeating: "word", count: 40).joined(separator: " ")
        let lines = HelpPage.wrapped(text, indent: 4)
        #expect(lines.count == 3)
        #expect(lines.allSatisfy { $0.hasPrefix("    word") })
        #expect(lines.joined().split(separator: " ").count == 40 || lines.count == 3)
    }
}
