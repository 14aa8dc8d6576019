/// What holds between settings, beyond each one's own values.
enum SettingsRules {
    /// Of two settings that exclude each other, one given by a flag counts before one of the environment, and that
    /// before one of the file; the other is dropped, as if it had not been given.
    ///
    /// - Throws: `usage` if both were given in the same way.
    static func settle(_ settings: inout Settings) throws(CommandError) {
        try settle(
            Options.resume.spec, Options.overwrite.spec, &settings,
            "the one goes on with the run that is there, the other starts anew")
        try settle(
            Options.disjointFigure.spec, Options.initFrom.spec, &settings,
            "no template is known to be unseen by the model that is trained on")
        try settle(
            Options.steps.spec, Options.batchSize.spec, &settings, "both set the length of the training")
        if Options.reuse.spec.commands.contains(settings.command),
            try LogOrigin(settings, of: settings.command) == .openSearch
        {
            try settleReading(&settings)
        }
    }

    /// The strongest first, so that what is dropped has dropped nothing before.
    private static func settleReading(_ settings: inout Settings) throws(CommandError) {
        let limits = [Options.timeBudget.spec, Options.readFraction.spec, Options.untilUnseen.spec]
        let rivals = [
            (Options.reuse.spec, "the one reads a fair sample of the hours, which those that are taken over are not"),
            (Options.requireComplete.spec, "the one may leave something, the other may not"),
        ]
        let given = settings
        func rank(_ spec: OptionSpec) -> Int { given.origin(spec)?.rank ?? .max }
        for limit in limits.sorted(by: { rank($0) < rank($1) }) {
            for (rival, why) in rivals.sorted(by: { rank($0.0) < rank($1.0) }) {
                try settle(limit, rival, &settings, why)
            }
        }
    }

    private static func settle(
        _ one: OptionSpec, _ other: OptionSpec, _ settings: inout Settings, _ why: String
    ) throws(CommandError) {
        guard settings.isAsked(one), settings.isAsked(other), let first = settings.origin(one),
            let second = settings.origin(other)
        else { return }
        if first.rank == second.rank {
            throw .usage("\(first.name(one)) and \(second.name(other)): \(why)", remedy: "give one of them")
        }
        try settings.drop(first.rank < second.rank ? other : one)
    }

    static func check(_ settings: Settings, of command: Command) throws(CommandError) {
        switch command {
        case .train, .collect, .sample, .score, .mask, .extract, .plan: _ = try LogOrigin(settings, of: command)
        case .tableMerge: try require(Options.output.spec, settings, "the table to write")
        case .demo, .simulate, .doctor, .verify, .tableShow, .tableTop, .tableExport, .drift: break
        }
        if [.train, .collect].contains(command) {
            try require(Options.output.spec, settings, "the folder to write to")
        }
        if command == .extract { try require(Options.output.spec, settings, "the file to write to") }
        if command == .verify { try require(Options.manifest.spec, settings, "the manifest to compare with") }
        if command == .score { try require(Options.model.spec, settings, "the folder that holds the model") }
        if Options.reuse.spec.commands.contains(command), try LogOrigin(settings, of: command) == .openSearch {
            try requireFolder(Options.reuse, settings)
        }
        try checkDraw(settings)
        // When a run goes on, times count from its own start, which only the output folder knows.
        if ![.train, .collect].contains(command) || !settings[Options.resume] { try checkRange(settings) }
    }

    /// The original's draw depends on where pages begin, so it has no place in a training, and none over a table.
    private static func checkDraw(_ settings: Settings) throws(CommandError) {
        guard let origin = settings.origin(Options.draw.spec), settings[Options.draw] == .page else { return }
        if settings.command != .sample {
            throw .usage(
                "\(origin.name(Options.draw.spec)): page is for sample alone, which shows what that law does",
                remedy: "train by coverage or parity")
        }
        if try LogOrigin(settings, of: .sample) == .table {
            throw .usage(
                "\(origin.name(Options.draw.spec)): page needs logs in their order, which a table has not",
                remedy: "give --endpoint or --input")
        }
    }

    private static func require(_ spec: OptionSpec, _ settings: Settings, _ what: String) throws(CommandError) {
        if settings.origin(spec) == nil {
            throw .usage(
                "\(spec.flag) is missing: \(what)",
                remedy: "give \(spec.flag) \(spec.worded(for: settings.command).placeholder ?? "")")
        }
    }

    /// A name that is mistyped would have everything read; the output's own folder is made by its first run.
    private static func requireFolder(_ setting: Setting<String>, _ settings: Settings) throws(CommandError) {
        guard let path = settings[setting], path != settings[Options.output], !OutputFolder.isFolder(path) else {
            return
        }
        let name = settings.origin(setting.spec)?.name(setting.spec) ?? setting.spec.flag
        throw .usage("\(name): there is no folder \(path)", remedy: "name the output folder of an earlier run")
    }

    /// - Throws: `usage` if `--since` does not lie before `--until`, both counted from the run's start, or before what
    ///   stands for it.
    static func checkRange(_ settings: Settings) throws(CommandError) {
        guard let since = settings[Options.since] else { return }
        let start = RunClock.start.milliseconds
        let first = since.milliseconds(start: start)
        guard let until = settings[Options.until] else { return try checkLag(settings, since: first, start: start) }
        let last = until.milliseconds(start: start)
        if first >= last {
            throw .usage(
                "--since \(ISO8601.text(first)) does not lie before --until \(ISO8601.text(last))",
                remedy: "--since comes first, and is included; --until is not")
        }
    }

    /// Where nobody gave an end, `--lag` did. Files have neither.
    private static func checkLag(_ settings: Settings, since: Int64, start: Int64) throws(CommandError) {
        let last = start - Int64(settings[Options.lag] / .milliseconds(1))
        guard since >= last, try LogOrigin(settings, of: settings.command) == .openSearch else { return }
        throw .usage(
            "nothing lies between --since (\(ISO8601.text(since))) and the start of the run less --lag "
                + "(\(ISO8601.text(last)))", remedy: "give an earlier --since or a smaller --lag")
    }
}

/// Where a command's logs come from: exactly one kind of source.
enum LogOrigin: Sendable, Equatable {
    case openSearch
    case files
    case table

    /// Of several sources, one given by a flag counts before one of the environment, and that before one of the file;
    /// so `ES_ENDPOINT` in a container's environment does not forbid `--input`.
    init(_ settings: Settings, of command: Command) throws(CommandError) {
        let kinds: [(kind: LogOrigin, spec: OptionSpec)] = [
            (.openSearch, Options.endpoint.spec), (.files, Options.input.spec), (.table, Options.table.spec),
        ].filter { $0.spec.commands.contains(command) }
        let given = kinds.compactMap { entry in
            settings.origin(entry.spec).map { (kind: entry.kind, spec: entry.spec, rank: $0.rank) }
        }
        let strongest = given.map(\.rank).min()
        let chosen = given.filter { $0.rank == strongest }
        let ways = kinds.map { "\($0.spec.flag) \($0.spec.placeholder ?? "")" }.joined(separator: " or ")
        guard let first = chosen.first else {
            throw .usage("nothing says where the logs come from", remedy: "give \(ways)")
        }
        guard chosen.count == 1 else {
            let names = chosen.map(\.spec.flag).joined(separator: " and ")
            throw .usage("\(names) cannot be read at once", remedy: "give one of them")
        }
        self = first.kind
        try refuseIdle(settings, command)
    }

    /// A flag that the chosen source has no use for is a misunderstanding; from environment or file it is a default.
    private func refuseIdle(_ settings: Settings, _ command: Command) throws(CommandError) {
        for spec in Options.of(command) where settings.origin(spec) == .flag && !has(spec) {
            throw .usage("\(spec.flag) has no effect on logs \(phrase)", remedy: "leave it out")
        }
    }

    /// Whether logs from here have a use for the setting.
    func has(_ spec: OptionSpec) -> Bool {
        switch self {
        case .openSearch:
            ![Options.inputFormat.spec.name, Options.maxBadShare.spec.name, Options.keepGoing.spec.name]
                .contains(spec.name)
        case .files: ![.openSearch, .access].contains(spec.group)
        case .table: ![.openSearch, .access, .files, .cleaning, .masking].contains(spec.group)
        }
    }

    private var phrase: String {
        switch self {
        case .openSearch: "from OpenSearch"
        case .files: "from files"
        case .table: "from a table"
        }
    }
}
