import OpenSearchScroll
import OpenSearchScrollTesting
import Testing

@testable import opnilog_train

@Suite("Access to OpenSearch")
struct AccessTests {
    private func settings(_ flags: [String], _ environment: [String: String] = [:]) throws -> Settings {
        let flags = flags.contains("--endpoint") ? flags : flags + ["--endpoint", "https://opensearch.example"]
        guard case .run(let command, let options) = try ArgumentScanner.scan(["doctor"] + flags) else {
            throw CommandError.usage("not a run")
        }
        return try SettingsLoader.load(command, flags: options, environment: environment)
    }

    private func description(_ flags: [String], _ environment: [String: String] = [:]) throws -> String {
        var configuration = OpenSearchConfiguration(endpoints: [])
        try OpenSearchAccess.apply(settings(flags, environment), to: &configuration)
        return OpenSearchAccess.description(configuration)
    }

    private func fault(_ flags: [String], _ environment: [String: String] = [:]) -> String {
        do {
            return "no error: \(try description(flags, environment))"
        } catch {
            #expect((error as? CommandError)?.code == .usage)
            return "\(error)"
        }
    }

    private let keys = ["AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "hush", "AWS_REGION": "eu-west-1"]
    private let domain = ["--endpoint", "https://search-x.us-east-1.es.amazonaws.com"]

    @Test("each kind is taken, and said without its secret")
    func kinds() throws {
        #expect(try description([]) == "no credentials")
        #expect(try description(["--username", "me"], ["OPNILOG_PASSWORD": "hush"]) == "basic authentication as me")
        #expect(try description([], ["OPNILOG_BEARER_TOKEN": "hush"]) == "a bearer token")
        #expect(try description(["--bearer-file", "/run/token"]) == "the bearer token in /run/token")
        #expect(
            try description(["--bearer-command", "get-token --for 'hush hush'"])
                == "the bearer token that get-token prints")
        #expect(
            try description(["--client-certificate", "me.pem", "--proxy", "http://proxy:3128"])
                == "no credentials, the client certificate me.pem, proxy: http://proxy:3128")
        #expect(try description(["--proxy", "none"]) == "no credentials, proxy: none")
    }

    @Test("AWS: keys from the environment, region from the setting, else the host, else the environment")
    func aws() throws {
        #expect(try description(domain, keys) == "AWS signatures as AKID for es in us-east-1")
        #expect(
            try description(domain + ["--aws-region", "r", "--aws-service", "aoss"], keys)
                == "AWS signatures as AKID for aoss in r")
        #expect(
            try description(["--endpoint", "https://x.us-east-2.aoss.amazonaws.com"], keys)
                == "AWS signatures as AKID for aoss in us-east-2")
        #expect(try description(["--aws-service", "es"], keys) == "AWS signatures as AKID for es in eu-west-1")
        // Elsewhere Amazon's variables ask for nothing, and on Amazon's hosts whatever else is given counts.
        #expect(try description([], keys) == "no credentials")
        #expect(try description(domain, ["AWS_REGION": "eu-west-1"]) == "no credentials")
        #expect(
            try description(domain, keys.merging(["ES_USERNAME": "me", "ES_PASSWORD": "hush"]) { $1 })
                == "basic authentication as me")
    }

    @Test("of several kinds the one that was asked for more strongly")
    func strongest() throws {
        let environment = ["ES_USERNAME": "me", "ES_PASSWORD": "hush"]
        #expect(try description(["--bearer-file", "t"], environment) == "the bearer token in t")
        #expect(try description(["--username", "you"], environment) == "basic authentication as you")
    }

    @Test("two kinds asked for alike are an error, and so is half of one")
    func faults() throws {
        #expect(
            fault(["--bearer-file", "t", "--username", "me"])
                == "--username and --bearer-file are two kinds of credentials. give one of them.")
        #expect(
            fault([], ["ES_PASSWORD": "hush", "OPNILOG_BEARER_TOKEN": "hush"])
                == "ES_PASSWORD (environment) and OPNILOG_BEARER_TOKEN (environment) are two kinds of credentials. give "
                + "one of them.")
        #expect(
            fault(["--aws-region", "r", "--bearer-command", "x"])
                == "--bearer-command and --aws-region are two kinds of credentials. give one of them.")
        #expect(
            fault(["--aws-region", "r"])
                == "requests are to be signed for Amazon's service, but there is no access key or no secret to it. set "
                + "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_SESSION_TOKEN if they end.")
        #expect(
            fault(["--aws-service", "es"], ["AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "hush"])
                == "requests are to be signed for Amazon's service, but the region is not known. give --aws-region "
                + "REGION.")
    }

    @Test(
        "secrets are taken from no flag",
        arguments: [
            "--bearer-token", "--aws-secret-access-key", "--aws-session-token", "--client-key-passphrase",
            "--proxy-password",
        ])
    func flags(name: String) {
        let text = fault([name, "hush"])
        #expect(text.contains("\(name) is not taken from the command line, which other users"))
        #expect(!text.contains("hush"))
    }

    @Test(
        "commands as words",
        arguments: [
            ("get-token", ["get-token"]), ("  a  b\tc ", ["a", "b", "c"]),
            ("a 'b c' \"d 'e'\" f''g", ["a", "b c", "d 'e'", "fg"]),
            ("a ''", ["a", ""]),
        ])
    func words(text: String, words: [String]) throws { #expect(try ValueKind.words("CMD").parse(text) == words) }

    @Test("what is no command", arguments: ["", "  ", "a 'b", "''"])
    func noWords(text: String) { #expect(throws: ValueFault.self) { try ValueKind.words("CMD").parse(text) } }

    @Test("what is no proxy", arguments: ["proxy:3128", "socks5://proxy", "http://me:hush@proxy", "None"])
    func noProxy(text: String) {
        let fault = fault(["--proxy", text])
        #expect(fault.hasPrefix("--proxy: "), "\(fault)")
        #expect(!fault.contains("hush"))
    }

    @Test("the environment's proxy counts, but for the hosts of no_proxy, and unless --proxy none")
    func environmentProxy() async throws {
        let server = try OpenSearchServer(configuration: OpenSearchServer.Configuration())
        defer { server.stop() }
        func line(_ options: [String], _ environment: [String: String]) async throws -> String {
            let arguments = ["doctor", "--endpoint", server.url] + options
            let variables = ["OPNILOG_TORCH": "/nowhere/libopnilog_torch.so", "no_proxy": ""]
            let run = try await ProgramRun.of(arguments, environment: variables.merging(environment) { $1 })
            return run.output.split(separator: "\n").first { $0.contains(" server ") }.map(String.init) ?? "none"
        }
        let gone = ["http_proxy": "http://me:hush@127.0.0.1:1"]
        let failing = try await line([], gone)
        #expect(failing.hasPrefix("FAILS  server    the proxy 127.0.0.1"), "\(failing)")
        #expect(!failing.contains("hush"))
        let works = "ok     server    \(server.url): OpenSearch 2.19.4"
        #expect(try await line(["--proxy", "none"], gone) == works)
        #expect(try await line([], gone.merging(["no_proxy": "127.0.0.1"]) { $1 }) == works)
        #expect(try await line(["--proxy", "http://127.0.0.1:1"], ["no_proxy": "127.0.0.1"]) == works)
    }

    @Test("doctor says which kind is used")
    func doctor() async throws {
        let run = try await ProgramRun.of(
            ["doctor", "--endpoint", "http://127.0.0.1:1", "--bearer-command", "echo hush"],
            environment: ["OPNILOG_TORCH": "/nowhere/libopnilog_torch.so"])
        #expect(run.output.contains("ok     access    the bearer token that echo prints\n"), "\(run.output)")
        let unfit = try await ProgramRun.of(
            ["doctor", "--endpoint", "http://127.0.0.1:1", "--client-certificate", "/nowhere.pem"],
            environment: ["OPNILOG_TORCH": "/nowhere/libopnilog_torch.so"])
        #expect(unfit.output.contains("FAILS  access    /nowhere.pem cannot be read (No such file or directory)"))
        #expect(unfit.code == 69)
    }
}
