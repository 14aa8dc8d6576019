import LogDataset
import OpenSearchScroll
import ProcessLimits

/// `doctor`: what training from here needs, each with whether it works and what to do if it does not.
enum DoctorCommand {
    static func run(_ context: RunContext) async throws -> ExitCode {
        let settings = context.settings
        var findings = [machine(settings)]
        findings += await libtorch(settings)
        findings += await server(settings, context.console)
        // What a signal cut off says nothing of the server.
        try Task.checkCancellation()
        findings.append(disk(settings))
        var output = ResultWriter()
        for finding in findings { try output.write(line: finding.line) }
        try output.flush()
        return findings.lazy.compactMap(\.failure).first ?? .complete
    }

    private static func machine(_ settings: Settings) -> Finding {
        let memory = MemoryBudget.standard.total
        return .works(
            "machine",
            "\(CoreCount.available) cores, a memory budget of \(ByteSize.describe(memory)) unless --memory says more")
    }

    /// The server, and the right to search the index.
    private static func server(_ settings: Settings, _ console: Console) async -> [Finding] {
        guard let endpoint = settings[Options.endpoint].first else {
            return [.skipped("server", "not looked for: no --endpoint; files and tables can be trained on")]
        }
        do {
            let configuration = try OpenSearchSettings.configuration(settings, console)
            let client = try OpenSearchClient(configuration: configuration)
            let access = Finding.works("access", OpenSearchAccess.description(configuration))
            return [access] + (await answers(client, endpoint, settings))
        } catch {
            return [.of("access", error)]
        }
    }

    private static func answers(_ client: OpenSearchClient, _ endpoint: String, _ settings: Settings) async -> [Finding]
    {
        do {
            let version = try await client.serverVersion()
            let found = Finding.works(
                "server", "\(endpoint): OpenSearch " + (version ?? "of a version that this user may not ask for"))
            let index = settings[Options.index]
            do {
                let count = try await client.count(ScrollQuery(index: index))
                return [found, .works("rights", "\(Figures.grouped(count)) documents in \(index) may be searched")]
            } catch {
                return [found, .of("rights", error)]
            }
        } catch {
            return [.of("server", error)]
        }
    }

    /// Whether the output folder can be written, and how much is free there.
    private static func disk(_ settings: Settings) -> Finding {
        guard let path = settings[Options.output] else {
            return .skipped("disk", "not looked at: no --output")
        }
        do {
            let output = try OutputFolder(path, refusing: [], overwrite: true)
            try output.probe()
            return .works("disk", "\(path) can be written, \(ByteSize.describe(output.freeBytes)) are free there")
        } catch {
            return .of("disk", error)
        }
    }
}

/// One thing that was looked at.
struct Finding: Sendable {
    let line: String
    /// The exit code that its failure leads to; nil if it works.
    let failure: ExitCode?
    let works: Bool

    static func works(_ subject: String, _ text: String) -> Finding { Finding("ok", subject, text, nil) }

    static func skipped(_ subject: String, _ text: String) -> Finding { Finding("-", subject, text, nil) }

    static func of(_ subject: String, _ error: any Error) -> Finding {
        let error = Failures.commandError(error)
        return Finding("FAILS", subject, error.description, error.code)
    }

    private init(_ mark: String, _ subject: String, _ text: String, _ failure: ExitCode?) {
        line = Self.padded(mark, 7) + Self.padded(subject, 10) + text
        self.failure = failure
        works = mark == "ok"
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }
}
