import Testing

@testable import opnilog_train

@Suite("Arguments")
struct ArgumentScannerTests {
    /// Name and text of each option given to `command`.
    private func scan(_ arguments: String...) throws -> [[String]] {
        guard case .run(_, let options) = try ArgumentScanner.scan(arguments) else { return [] }
        return options.map { [$0.name, $0.text] }
    }

    /// The error that the arguments give, as it is printed.
    private func fault(_ arguments: String...) -> String {
        do {
            _ = try ArgumentScanner.scan(arguments)
            return "no error"
        } catch {
            #expect(error.code == .usage)
            return error.description
        }
    }

    @Test("values stand after a space or an equals sign")
    func forms() throws {
        #expect(try scan("train", "--samples", "10", "--index=a=b") == [["samples", "10"], ["index", "a=b"]])
        #expect(try scan("train", "--index=") == [["index", ""]])
    }

    @Test("a switch takes no value, or one after an equals sign")
    func switches() throws {
        #expect(
            try scan("train", "--overwrite", "--insecure=false") == [["overwrite", "true"], ["insecure", "false"]])
    }

    @Test("a repeatable option keeps all")
    func repeated() throws {
        #expect(
            try scan("train", "--endpoint", "http://a", "--endpoint", "http://b")
                == [["endpoint", "http://a"], ["endpoint", "http://b"]])
    }

    @Test("of two indices none is passed over; the same one twice is one")
    func indices() throws {
        #expect(
            fault("train", "--index", "a", "--samples", "2", "--index=b")
                == "--index is given twice. give it once, with the names joined by commas.")
        #expect(try scan("train", "--index", "a", "--index", "a") == [["index", "a"], ["index", "a"]])
    }

    @Test("an input takes all names up to the next option")
    func list() throws {
        #expect(
            try scan("mask", "--input", "a", "b.gz", "-", "--field", "m", "--input=c")
                == [["input", "a"], ["input", "b.gz"], ["input", "-"], ["field", "m"], ["input", "c"]])
    }

    @Test("numbers below zero and spans of time are values")
    func minus() throws {
        #expect(try scan("train", "--since", "-24h") == [["since", "-24h"]])
        #expect(try scan("train", "--samples", "-1") == [["samples", "-1"]])
    }

    @Test("after two dashes all are values")
    func literal() throws {
        #expect(try scan("mask", "--input", "--", "--odd", "-x") == [["input", "--odd"], ["input", "-x"]])
        #expect(try scan("mask", "--input", "a", "--") == [["input", "a"]])
    }

    @Test("help and version")
    func help() throws {
        #expect(try ArgumentScanner.scan(["--version"]) == .version)
        #expect(try ArgumentScanner.scan(["--help"]) == .overview)
        #expect(try ArgumentScanner.scan(["help"]) == .overview)
        #expect(try ArgumentScanner.scan(["help", "mask"]) == .help(.mask))
        #expect(try ArgumentScanner.scan(["mask", "--input", "a", "--help"]) == .help(.mask))
        #expect(try ArgumentScanner.scan(["help", "table"]) == .helpOfGroup("table"))
        #expect(try ArgumentScanner.scan(["table", "--help"]) == .helpOfGroup("table"))
        #expect(try ArgumentScanner.scan(["table", "-h"]) == .helpOfGroup("table"))
        #expect(try ArgumentScanner.scan(["help", "table", "top"]) == .help(.tableTop))
        #expect(try ArgumentScanner.scan(["table", "top", "--help"]) == .help(.tableTop))
    }

    @Test("errors name what is wrong and what to do")
    func faults() {
        #expect(fault() == "no command given. opnilog-train help lists the commands.")
        #expect(
            fault("trian")
                == "there is no command trian; did you mean train? opnilog-train help lists the commands.")
        #expect(fault("--seed", "1") == "--seed stands before the command. write opnilog-train COMMAND --seed.")
        #expect(
            fault("train", "--sampels", "3")
                == "there is no option --sampels; did you mean --samples? opnilog-train help train lists the options.")
        #expect(
            fault("mask", "--zzzzzzzz")
                == "there is no option --zzzzzzzz. opnilog-train help mask lists the options.")
        #expect(fault("mask", "--seed=1") == "mask has no option --seed. opnilog-train help mask lists the options.")
        #expect(fault("train", "--samples") == "--samples needs a value. write --samples N.")
        #expect(fault("train", "--samples", "--seed", "1") == "--samples needs a value. write --samples N.")
        #expect(fault("train", "--samples", "--") == "--samples needs a value. write --samples N.")
        #expect(
            fault("mask", "stray")
                == "\"stray\" belongs to no option. give files with --input: opnilog-train help mask lists the options."
        )
        #expect(
            fault("doctor", "stray")
                == "\"stray\" belongs to no option. opnilog-train help doctor lists the options.")
        #expect(
            fault("mask", "-i")
                == "there is no option -i. options begin with two dashes: opnilog-train help mask lists the options.")
        #expect(fault("mask", "--version") == "--version stands alone. run opnilog-train --version.")
    }

    @Test("a secret is not taken from a flag, and not repeated")
    func secrets() {
        let expected =
            "--password is not taken from the command line, which other users of this machine can read. "
            + "set OPNILOG_PASSWORD or ES_PASSWORD, or password: in the --config file."
        #expect(fault("train", "--password", "hush") == expected)
        #expect(fault("train", "--password=hush") == expected)
    }

    @Test("distances between names", arguments: [("seed", "seed", 0), ("sede", "seed", 1), ("", "abc", 3)])
    func distance(left: String, right: String, distance: Int) {
        #expect(Nearest.distance(left, right) == distance)
    }
}
