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

    @Test("a variable that is nearly one of ours is asked about; others that begin alike are not ours to judge")
    func misspelt() {
        let environment = [
            "OPNILOG_ENDPIONT": "http://a", "OPNILOG_PAGESIZE": "1", "OPNILOG_SEED": "1",
            "OPNILOG_PORT_80_TCP": "tcp://b",
            "OPNILOG_SERVICE_HOST": "c", "OPNILOG_TORHC": "d", "OPNILOG_X": "e", "PAGE_SIZ": "1",
        ]
        #expect(
            EnvironmentSource.misspelt(environment) == [
                "OPNILOG_ENDPIONT in the environment is no setting; did you mean OPNILOG_ENDPOINT?",
                "OPNILOG_PAGESIZE in the environment is no setting; did you mean OPNILOG_PAGE_SIZE?",
                "OPNILOG_TORHC in the environment is no setting; did you mean OPNILOG_TORCH?",
            ])
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

    @Test("blanks around the parts of a list in the environment are none of theirs, and a blank part is none")
    func blanks() throws {
        let settings = try load(.collect, ["--output", "o"], ["ES_ENDPOINT": " http://a, http://b ,\thttp://c\n, "])
        #expect(settings[Options.endpoint] == ["http://a", "http://b", "http://c"])
        let other = try load(.collect, ["--output", "o"], ["OPNILOG_ENDPOINT": " , ", "ES_ENDPOINT": "http://a"])
        #expect(other[Options.endpoint] == ["http://a"])
    }

    @Test("the record of a run holds defaults and no secrets")
    func recorded() throws {
        let settings = try load(.collect, ["--output", "o"], ["ES_ENDPOINT": "http://e", "ES_PASSWORD": "hush"])
        #expect(settings.recorded["index"] == "logs")
        #expect(settings.recorded["endpoint"] == "http://e")
        #expect(settings.recorded["password"] == nil)
        #expect(!settings.recorded.values.contains { $0.contains("hush") })
    }

    @Test("the record of a run has only the program of a command, whose arguments may be secrets")
    func recordedCommand() throws {
        let flags = ["--output", "o", "--endpoint", "http://e", "--bearer-command", "'get token' --client-secret=hush"]
        let settings = try load(.collect, flags)
        #expect(settings[Options.bearerCommand] == ["get token", "--client-secret=hush"])
        #expect(settings.recorded["bearer-command"] == "get token")
        #expect(try load(.collect, ["--output", "o", "--input", "f"]).recorded["bearer-command"] == nil)
        let open = fault(.collect, ["--output", "o", "--endpoint", "http://e", "--bearer-command", "get 'hush"])
        #expect(open == "--bearer-command: its value is not a command: a quote is not closed.")
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
        let token = fault(.collect, ["--endpoint", "https://host/?token=hush", "--output", "o"])
        #expect(token.hasPrefix("--endpoint: the value is not a URL without what follows ? or #;"))
        #expect(!token.contains("hush"))
    }

    @Test("a command needs a source, and one only")
    func sources() {
        #expect(
            fault(.train, ["--output", "o"])
                == "nothing says where the logs come from. give --endpoint URL or --input FILE or --table TABLE.")
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

    @Test("a --since after which nothing has settled yet is refused by the name of --lag", arguments: ["now", "-1m"])
    func lag(since: String) throws {
        let base = ["--endpoint", "http://a", "--output", "o", "--since", since]
        let refused = fault(.collect, base)
        #expect(refused.hasPrefix("nothing lies between --since (20"), "\(refused)")
        #expect(refused.contains("Z) and the start of the run less --lag (20"), "\(refused)")
        #expect(refused.hasSuffix("Z). give an earlier --since or a smaller --lag."), "\(refused)")
        if since == "-1m" { _ = try load(.collect, base + ["--lag", "1s"]) }
        // Files have no such end.
        let folder = TestFolder()
        try folder.write("c.yaml", "since: \"\(since)\"\n")
        _ = try load(.collect, ["--input", "f", "--output", "o", "--config", folder.path("c.yaml")])
    }

    @Test("seconds that were taken for milliseconds are told", arguments: ["1795514400", "2026"])
    func secondsForMilliseconds(text: String) throws {
        let base = ["--endpoint", "http://a", "--output", "o"]
        for option in ["--since", "--until"] {
            #expect(
                fault(.collect, base + [option, text])
                    == "\(option): \"\(text)\" is not in milliseconds, as which it would be in 1970; give milliseconds "
                    + "since 1970, or a time such as 2026-11-24T10:00:00Z.")
        }
        _ = try load(.collect, base + ["--since", "0"])
    }

    @Test("of two that exclude each other the one given in the stronger way counts, the other as if not given")
    func strongestOfTwo() throws {
        let base = ["--input", "f", "--output", "o"]
        let steps = try load(.train, base + ["--steps", "5"], ["OPNILOG_BATCH_SIZE": "7"])
        #expect(steps[Options.steps] == 5 && steps[Options.batchSize] == nil)
        #expect(steps.recorded["batch-size"] == nil)
        let folder = TestFolder()
        try folder.write("c.yaml", "overwrite: true\nsteps: 5\ntime-budget: 1h\nrequire-complete: true\n")
        let file = ["--config", folder.path("c.yaml")]
        let resumed = try load(.train, base + file + ["--resume"], ["OPNILOG_BATCH_SIZE": "7"])
        #expect(resumed[Options.resume] && !resumed[Options.overwrite])
        #expect(resumed.recorded["overwrite"] == "false")
        #expect(resumed[Options.batchSize] == 7 && resumed[Options.steps] == nil)
        // A switch that is off asks for nothing.
        #expect(try load(.train, base + file + ["--resume=false"])[Options.overwrite])
        #expect(
            fault(.train, base, ["OPNILOG_RESUME": "true", "OPNILOG_OVERWRITE": "true"])
                == "OPNILOG_RESUME (environment) and OPNILOG_OVERWRITE (environment): the one goes on with the run that "
                + "is there, the other starts anew. give one of them.")
        #expect(
            fault(.train, base + ["--resume", "--overwrite"])
                == "--resume and --overwrite: the one goes on with the run that is there, the other starts anew. "
                + "give one of them.")
    }

    @Test("limits of a reading, and what contradicts them, by their strength")
    func strongestLimit() throws {
        let folder = TestFolder()
        try folder.write("c.yaml", "time-budget: 1h\nrequire-complete: true\n")
        let base = ["--endpoint", "http://a", "--output", "o", "--config", folder.path("c.yaml")]
        let limit = try load(.collect, base + ["--time-budget", "2h"], ["OPNILOG_REUSE": "/nowhere"])
        #expect(limit[Options.timeBudget] == Duration.seconds(7200))
        #expect(limit[Options.reuse] == nil && !limit[Options.requireComplete])
        // What is dropped itself drops nothing.
        let reuse = try load(.collect, base + ["--reuse", folder.root], ["OPNILOG_READ_FRACTION": "0.1"])
        #expect(reuse[Options.reuse] == folder.root && reuse[Options.requireComplete])
        #expect(reuse[Options.readFraction] == nil && reuse[Options.timeBudget] == nil)
    }

    @Test("numbers that the run itself could not take are refused at once")
    func bounds() {
        let train = ["--input", "f", "--output", "o", "--threads", "1025"]
        #expect(fault(.train, train) == "--threads: \"1025\" is not a whole number from 1 to 1024.")
        for command in [Command.demo, .simulate] {
            #expect(
                fault(command, ["--documents", "9223372036854775807"])
                    == "--documents: \"9223372036854775807\" is not a whole number from 1 to 1000000000000.")
        }
    }

    @Test("a settings file that cannot be read")
    func missingFile() {
        #expect(
            fault(.mask, ["--config", "/nowhere/c.yaml"])
                == "--config: /nowhere/c.yaml cannot be read: No such file or directory. name a YAML file of settings.")
    }
}
