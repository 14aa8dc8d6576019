import Testing

@testable import opnilog_train

@Suite("Settings")
struct SettingsTests {
    private func load(
        _ command: Command, _ flags: [String], _ environment: [String: String] = [:]
    ) throws -> Settings {
        guard case .run(_, let options) = try ArgumentScanner.scan([command.rawValue] + flags) else {
            Issue.record("not a run")
            throw CommandError.usage("not a run")
        }
        return try SettingsLoader.load(command, flags: options, environment: environment)
    }

    private func fault(_ command: Command, _ flags: [String], _ environment: [String: String] = [:]) -> String {
        do {
            _ = try load(command, flags, environment)
            return "no error"
        } catch {
            #expect((error as? CommandError)?.code == .usage)
            return "\(error)"
        }
    }

    @Test("flag before environment before file before default")
    func precedence() throws {
        let folder = TestFolder()
        try folder.write("c.yaml", "index: file\nfield: file\nseed: 3\nsamples: 7\n")
        let environment = ["OPNILOG_INDEX": "environment", "OPNILOG_FIELD": "environment", "ES_ENDPOINT": "http://e"]
        let settings = try load(
            .train, ["--index", "flag", "--output", "o", "--config", folder.path("c.yaml")], environment)
        #expect(settings[Options.index] == "flag")
        #expect(settings[Options.field] == "environment")
        #expect(settings[Options.seed] == 3)
        #expect(settings[Options.samples] == 7)
        #expect(settings[Options.timeField] == "time")
        #expect(settings[Options.epochs] == nil)
        #expect(settings[Options.endpoint] == ["http://e"])
        #expect(settings.origin(Options.seed.spec) == .file(path: folder.path("c.yaml"), line: 3))
    }

    @Test("the last flag counts, unless an option may be given again")
    func lastCounts() throws {
        let flags = ["--endpoint", "http://a", "--endpoint", "http://b", "--output", "o", "--seed", "1", "--seed", "2"]
        let settings = try load(.train, flags)
        #expect(settings[Options.seed] == 2)
        #expect(settings[Options.endpoint] == ["http://a", "http://b"])
    }

    @Test("ours counts before the original program's name; an empty variable is none; commas make lists")
    func environment() throws {
        let settings = try load(
            .collect, ["--output", "o"],
            [
                "ES_ENDPOINT": "http://old", "OPNILOG_ENDPOINT": "http://a,http://b", "OPNILOG_INDEX": "",
                "ES_PASSWORD": "hush", "ES_USERNAME": "me", "OPNILOG_INSECURE": "yes",
            ])
        #expect(settings[Options.endpoint] == ["http://a", "http://b"])
        #expect(settings[Options.index] == "logs")
        #expect(settings[Options.password] == "hush")
        #expect(settings[Options.username] == "me")
        #expect(settings[Options.insecure])
    }

    @Test("the record of a run holds defaults and no secrets")
    func recorded() throws {
        let settings = try load(.collect, ["--output", "o"], ["ES_ENDPOINT": "http://e", "ES_PASSWORD": "hush"])
        #expect(settings.recorded["index"] == "logs")
        #expect(settings.recorded["endpoint"] == "http://e")
        #expect(settings.recorded["password"] == nil)
        #expect(!settings.recorded.values.contains { $0.contains("hush") })
    }

    @Test("a bad value is named by what its user typed")
    func badValues() throws {
        let folder = TestFolder()
        try folder.write("c.yaml", "\nseed: -1\n")
        let base = ["--input", "f", "--output", "o"]
        #expect(
            fault(.train, base + ["--samples", "many"])
                == "--samples: \"many\" is not a whole number of at least 1.")
        #expect(
            fault(.train, base, ["OPNILOG_MEMORY": "lots"])
                == "OPNILOG_MEMORY (environment): \"lots\" is not a size such as 384MiB or 2GB.")
        #expect(
            fault(.train, base + ["--config", folder.path("c.yaml")])
                == "seed (\(folder.path("c.yaml")), line 2): \"-1\" is not a whole number from 0 to \(UInt64.max).")
        #expect(fault(.train, base + ["--draw", "odd"]) == "--draw: \"odd\" is not one of coverage, parity.")
        #expect(
            fault(.train, base + ["--draw", "page"])
                == "--draw: page is for sample alone, which shows what that law does. train by coverage or parity.")
        #expect(
            fault(.sample, ["--table", "t", "--draw", "page"])
                == "--draw: page needs logs in their order, which a table has not. give --endpoint or --input.")
        let secret = fault(.collect, ["--endpoint", "https://me:hush@host", "--output", "o"])
        #expect(!secret.contains("hush") && secret.contains("OPNILOG_PASSWORD"))
    }

    @Test("a command needs a source, and one only")
    func sources() {
        #expect(
            fault(.train, ["--output", "o"])
                == "nothing says where the logs come from. give --endpoint URL or --input FILE or --table FILE.")
        #expect(fault(.mask, []) == "nothing says where the logs come from. give --input FILE.")
        #expect(
            fault(.train, ["--output", "o", "--endpoint", "http://a", "--input", "f"])
                == "--endpoint and --input cannot be read at once. give one of them.")
        #expect(
            fault(.train, ["--output", "o", "--table", "t", "--since", "-1h"])
                == "--since has no effect on logs from a table. leave it out.")
        #expect(
            fault(.collect, ["--output", "o", "--endpoint", "http://a", "--max-bad-share", "0"])
                == "--max-bad-share has no effect on logs from OpenSearch. leave it out.")
        #expect(
            fault(.collect, ["--output", "o", "--input", "f", "--index", "i"])
                == "--index has no effect on logs from files. leave it out.")
    }

    @Test("a source given by flag counts before one of the environment")
    func strongestSource() throws {
        let settings = try load(.collect, ["--output", "o", "--input", "f"], ["ES_ENDPOINT": "http://e"])
        #expect(try LogOrigin(settings, of: .collect) == .files)
    }

    @Test("what a command must have, and what excludes each other")
    func rules() {
        #expect(
            fault(.train, ["--input", "f"]) == "--output is missing: the folder to write to. give --output DIR.")
        #expect(
            fault(.score, ["--input", "f"])
                == "--model is missing: the folder that holds the model. give --model DIR.")
        #expect(
            fault(.train, ["--input", "f", "--output", "o", "--steps", "5", "--batch-size", "5"])
                == "--steps and --batch-size: both set the length of the training. give one of them.")
        let range = ["--endpoint", "http://a", "--output", "o", "--since", "2026-01-02", "--until", "2026-01-01"]
        #expect(
            fault(.collect, range)
                == "--since 2026-01-02T00:00:00.000Z does not lie before --until 2026-01-01T00:00:00.000Z. "
                + "--since comes first, and is included; --until is not.")
    }

    @Test("a settings file that cannot be read")
    func missingFile() {
        #expect(
            fault(.mask, ["--config", "/nowhere/c.yaml"])
                == "--config: /nowhere/c.yaml cannot be read: No such file or directory. name a YAML file of settings.")
    }
}
