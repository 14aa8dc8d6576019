import LogDataset
import OpenSearchScrollTesting

/// The option table: one definition a setting. Flags, environment names, keys of the file and help pages follow from
/// it: the name, places, kind and help of a setting stand here alone.
enum Options {
    // MARK: From OpenSearch

    static let endpoint = many(
        "endpoint", .endpoint, askers, .openSearch, or: ["ES_ENDPOINT"],
        help: "Address of the cluster; again for more nodes of the same cluster.")
    static let index = preset(
        "index", .text("PATTERN"), "logs", readers.union([.doctor]), .openSearch,
        help: "Index, alias or wildcard to read.")
    static let query = setting(
        "query", .text("FILE|JSON"), readers, .openSearch,
        help: "Which documents: a query as JSON, or the name of a file that holds it.")
    static let since = setting(
        "since", .instant, readers, .openSearch,
        help: "Only documents from this moment on: ISO 8601 (UTC if no zone is given), epoch milliseconds, or -24h.")
    static let until = setting(
        "until", .instant, readers, .openSearch,
        help: "Only documents before this moment (default: the start of the run less --lag).")
    static let lag = preset(
        "lag", .duration, "60s", readers, .openSearch,
        help: "How far before the start of the run --until lies, for documents that are still arriving.")
    static let pageSize = setting(
        "page-size", .pageSize, readers, .openSearch,
        help: "Documents of one answer (default: auto).")
    static let parallel = setting(
        "parallel", .integer(atLeast: 1, atMost: 256), [.train, .collect, .sample, .extract, .verify, .plan],
        .openSearch,
        help: "Hours read at once (default: two for each of the index's shards, at most --workers)."
    ).saying(.extract, windowsAtOnce).saying(.verify, windowsAtOnce)
    static let maxPageBytes = preset(
        "max-page-bytes", .size(atLeast: 1 << 20), "256MiB", readers, .openSearch,
        help: "The largest answer that is taken: at least the largest document. What is larger is asked for in parts.")
    static let requireComplete = toggle(
        "require-complete", [.train, .collect, .extract], .openSearch,
        help: "Exit 69 instead of going on (exit 2) if something cannot be read; what was read is kept for --resume.")

    static let reuse = setting(
        "reuse", .text("DIR"), [.train, .collect], .openSearch,
        help: "Output folder of an earlier run: hours that it has read and that hold as many documents now are taken "
            + "from there instead of being read.")
    static let recheck = toggle(
        "recheck", [.train, .collect], .openSearch,
        help: "Read all hours all the same: documents that were changed in place do not show in counts.")
    static let discardHours = toggle(
        "discard-hours", [.train, .collect], .openSearch,
        help: "Do not keep the hours beside the table for a later --reuse.")

    static let timeBudget = setting(
        "time-budget", .duration, [.train, .collect], .openSearch,
        help: "Begin no further hour once reading has taken so long; the hours read are a fair sample (exit 2).")
    static let readFraction = setting(
        "read-fraction", .share, [.train, .collect], .openSearch,
        help: "Read whole hours until they hold this share of the documents (exit 2).")
    static let untilUnseen = setting(
        "until-unseen", .share, [.train, .collect], .openSearch,
        help:
            "Read until at most this share of the lines that are left is of templates not seen, as estimated (exit 2).")

    // MARK: From files, from a table

    static let input = list(
        "input", .text("FILE"), lineReaders.union([.mask]), .files,
        help:
            "Files to read, .gz and .zst too, folders, patterns in quotes; - is standard input. Takes all names up to "
            + "the next option.")
    static let inputFormat = preset(
        "input-format", .choice(InputFormat.self), "auto", lineReaders.union([.mask]), .files,
        help: "auto takes a file for NDJSON if its first byte that is not blank is {.")
    static let field = preset(
        "field", .text("NAME"), "log", lineReaders.union([.mask, .plan]), .documents,
        help: "Field that holds the message, in NDJSON as in OpenSearch: the literal name, else the dotted path.")
    static let timeField = preset(
        "time-field", .text("NAME"), "time", readers, .documents,
        help: "Field that holds the time: ISO 8601 or epoch milliseconds.")
    static let maxBadShare = preset(
        "max-bad-share", .share, "0.01", lineReaders.union([.mask]), .files,
        help: "End the run if more than this share of the lines of NDJSON is no JSON.")
    static let keepGoing = toggle(
        "keep-going", [.train, .collect, .sample], .files,
        help: "Go on (exit 2) where a file is damaged, cut off or cannot be read, and list it; what stands before the "
            + "damage counts.")
    static let table = setting(
        "table", .text("TABLE"), [.train, .sample], .table,
        help: "The templates.table of an earlier collect or train, or the folder that holds it: no server is needed.")

    static let tables = list(
        "tables", .text("TABLE"), tableUsers, .table,
        help: "The tables, or the folders that hold them; their names may also stand alone.")
    static let top = preset(
        "number", .integer(atLeast: 1, atMost: 1_000_000), "20", [.tableTop], .table,
        help: "How many templates to write."
    ).saying(.tableTop, short: "n", "How many templates to write.")
    static let above = setting(
        "above", .share, [.drift], .table,
        help: "Exit 1 if more than this share of the later table's lines is of new templates.")

    // MARK: Masking

    static let masks = setting(
        "masks", .text("FILE"), lineReaders.union([.mask, .plan]), .masking,
        help: "YAML file of masks of your own beside the built-in ones: name, pattern, token, place (docs/masks.md).")
    static let longestLine = preset(
        "longest-line", .size(atLeast: 1024), "128MiB", [.train, .collect, .sample, .mask, .plan], .masking,
        help: "A longer message is cut, and counted.")

    // MARK: Model and output

    static let model = setting(
        "model", .text("DIR"), [.score], .model,
        help: "Folder that holds nulog_model_latest.pt and vocab.txt.")
    static let initFrom = setting(
        "init-from", .text("DIR"), [.train], .model,
        help: "Train on the model of this folder: its words keep their ids, new words are added. Its optimiser's state "
            + "is taken if it is there and fits.")
    static let threshold = preset(
        "threshold", .share, "0.7", [.score, .demo], .model,
        help: "A log whose score is below is an anomaly.")
    static let explain = toggle(
        "explain", [.score, .mask], .output,
        help: "Also each token with the rank that the model gave it."
    ).saying(.mask, "NDJSON that tells which rule took which bytes, instead of the masked lines.")
    static let output = setting(
        "output", .text("DIR"), [.train, .collect, .extract, .tableMerge, .tableExport, .demo, .doctor], .output,
        help: "Folder to write to; made if it is not there."
    ).saying(
        .tableMerge, placeholder: "FILE", short: "o", "The table to write."
    ).saying(
        .tableExport, placeholder: "FILE|-", short: "o",
        "File to write to, for its owner only (default, and -: standard output)."
    ).saying(.extract, placeholder: "FILE|-", "File to write to; - is standard output, from which no run can go on.")
    static let manifest = setting(
        "manifest", .text("FILE"), [.extract, .verify], .output,
        help: "Where the proof goes: windows, counts, digests, holes (default: beside the output file, "
            + "FILE.manifest.json; for a stream none)."
    ).saying(.verify, "The manifest; its name may also stand alone.")
    static let overwrite = toggle(
        "overwrite", [.train, .collect, .extract, .tableMerge, .tableExport, .demo], .output,
        help: "Start anew: replace the model or table, or the unfinished run, that the output folder holds already."
    ).saying(.extract, "Start anew: replace the output file, or the unfinished run, that is there already.")
        .saying(.tableMerge, replacing).saying(.tableExport, replacing)
    static let resume = toggle(
        "resume", [.train, .collect, .extract], .output,
        help: "Go on with the unfinished run that the output folder holds. Without one, start; with a finished one, "
            + "change nothing."
    ).saying(
        .extract,
        "Go on with the unfinished run that stands beside the output file. Without one, start; with a finished one, "
            + "change nothing.")
    static let checkpointEvery = preset(
        "checkpoint-every", .duration, "5m", [.train], .output,
        help: "How often the training is kept for --resume, besides the ends of epochs and an interruption.")
    static let keepCheckpoints = preset(
        "keep-checkpoints", .integer(atLeast: 1, atMost: 1000), "2", [.train], .output,
        help: "How many of these checkpoints are kept, the newest.")
    static let json = toggle(
        "json", [.plan], .output, help: "One JSON object instead of a table.")
    static let counts = toggle(
        "counts", [.verify], .output,
        help: "Compare counts only, which is faster, and does not see documents exchanged for others.")

    // MARK: Draw and training

    static let samples = setting(
        "samples", .integer(atLeast: 1), drawers, .draw,
        help: "Logs of one subset, K (default: as many as there are lines, from 9600 to 48000; in demo 8000).")
    static let epochs = setting(
        "epochs", .integer(atLeast: 1, atMost: 10_000), trainers, .draw,
        help: "Subsets to draw and train on, E (default: 2).")
    static let epoch = preset(
        "epoch", .integer(atLeast: 0, atMost: 9_999), "0", [.sample], .draw,
        help: "Which epoch's subset to write.")
    static let minimumCount = setting(
        "minimum-count", .integer(atLeast: 1), [.sample, .tableTop, .tableExport], .draw,
        help:
            "Show only texts of at least so many lines (default: 1), so that rare ones, which may name people, stay here."
    ).saying(.tableTop, rareStay).saying(.tableExport, rareStay)
    static let all = toggle(
        "all", [.sample], .draw,
        help: "Also the templates that were drawn 0 times.")
    static let steps = setting(
        "steps", .integer(atLeast: 1), trainers, .draw,
        help:
            "Steps of the fit in all (default: K times E / 48, held between 600 and 2000); the closing pass adds a tenth."
    )
    static let batchSize = setting(
        "batch-size", .integer(atLeast: 1), trainers, .draw,
        help: "Logs of one step, instead of --steps.")
    static let recipe = preset(
        "recipe", .choice(StepRecipe.self), "ours", drawers, .draw,
        help: "The settings of the optimiser and the draw: ours, or those of the original program.")
    static let draw = preset(
        "draw", .drawKind, "coverage", drawers, .draw,
        help: "coverage: no template's count is off by one or more; parity: with replacement, as the original."
    ).saying(
        .sample, placeholder: "coverage|parity|page",
        "coverage: no template's count is off by one or more; parity: with replacement, as the original; page: the "
            + "original's literal law, each 10,000 lines reduced by their own weights, to see what that does.")
    static let disjointFigure = toggle(
        "disjoint-figure", [.train], .draw,
        help: "After the training also fit a model on nine tenths of the templates, take its figures on the others, "
            + "and throw it away: how the recipe does on messages it has never seen. Takes as long again.")
    static let seed = preset(
        "seed", .seed, "0", drawers.union([.collect, .simulate]), .general,
        help: "Everything random follows from it.")

    // MARK: Embedded server

    static let documents = setting(
        "documents", .integer(atLeast: 1, atMost: 1_000_000_000_000), [.demo, .simulate], .server,
        help: "Generated logs the server holds (default: 50000 for demo, 1000000 for simulate).")
    static let port = preset(
        "port", .integer(atLeast: 0, atMost: 65_535), "0", [.demo, .simulate], .server,
        help: "Port to listen on at 127.0.0.1; 0 takes any that is free.")
    static let faults = setting(
        "faults", .faults, [.simulate], .server,
        help: "What goes wrong: rate is the share of requests, seed chooses which, kinds are joined by + (default: all "
            + "but mutate, which changes documents, and unauthorized, which ends a run). Kinds: "
            + FaultKind.allCases.map(\.rawValue).joined(separator: ", ") + ".")

    // MARK: Resources and general

    static let workers = setting(
        "workers", .integer(atLeast: 1, atMost: 4096), drawers.union([.collect, .plan]), .resources,
        help: "Masking workers (default: the cores this process may use).")
    static let threads = setting(
        "threads", .integer(atLeast: 1, atMost: 1024), torchUsers, .resources,
        help: "Threads of libtorch (default: the physical cores). Model files are equal for equal numbers.")
    static let memory = setting(
        "memory", .size(atLeast: MemoryBudget.minimum), drawers.union([.collect, .plan]), .resources,
        help:
            "Memory for queues, tables, sorting, merging, counting words and the draw (default: the least of a quarter "
            + "of the machine's, the cgroup's limit and 2GiB).")
    static let disk = setting(
        "disk", .size(atLeast: 1 << 20), drawers.union([.collect]), .resources,
        help: "Disk for sorted runs and the table together (default: all that is free in the output folder but a "
            + "twentieth). When it is spent, the run ends with 74 and --resume goes on.")
    static let device = preset(
        "device", .device, "auto", torchUsers, .resources,
        help: "Where to compute: auto takes a GPU if there is one.")
    static let torch = setting(
        "torch", .text("FILE"), torchUsers, .resources,
        help: "The bridge, libopnilog_torch.so (default: beside this program, else where make libtorch put it).")
    static let progress = preset(
        "progress", .choice(ProgressStyle.self), "auto", Set(Command.allCases), .general,
        help: "On standard error: auto is one live line on a terminal, else plain lines.")
    static let config = setting(
        "config", .text("FILE"), Set(Command.allCases), .general,
        help: "YAML file of settings: the names of this page as keys.")

    /// Every setting, in the order of the help pages.
    static let every: [OptionSpec] = [
        endpoint.spec, index.spec, query.spec, excludeQuery.spec, since.spec, until.spec, lag.spec, pageSize.spec,
        maxPageBytes.spec,
        parallel.spec, requireComplete.spec, reuse.spec, recheck.spec, discardHours.spec,
        timeBudget.spec, readFraction.spec, untilUnseen.spec,
        username.spec, password.spec, bearerToken.spec, bearerFile.spec, bearerCommand.spec,
        awsRegion.spec, awsService.spec, awsAccessKey.spec, awsSecretKey.spec, awsSessionToken.spec,
        clientCertificate.spec, clientKey.spec, clientKeyPassphrase.spec, ca.spec, insecure.spec,
        proxy.spec, proxyUsername.spec, proxyPassword.spec,
        field.spec, timeField.spec, input.spec, inputFormat.spec, maxBadShare.spec, keepGoing.spec, table.spec,
        tables.spec, top.spec, above.spec,
        dropField.spec, dropKeywords.spec, minimumTokens.spec,
        masks.spec, longestLine.spec,
        model.spec, initFrom.spec, threshold.spec, explain.spec, output.spec, manifest.spec, overwrite.spec,
        resume.spec,
        checkpointEvery.spec, keepCheckpoints.spec, counts.spec, json.spec,
        samples.spec, epochs.spec, epoch.spec, minimumCount.spec, all.spec, steps.spec, batchSize.spec, recipe.spec,
        draw.spec, disjointFigure.spec,
        templateCap.spec, vocabularySize.spec, minimumWordCount.spec, unknownWarning.spec,
        documents.spec, port.spec, faults.spec,
        workers.spec, threads.spec, memory.spec, disk.spec, device.spec, torch.spec,
        seed.spec, progress.spec, config.spec,
    ]

    /// The settings that a command has.
    static func of(_ command: Command) -> [OptionSpec] { every.filter { $0.commands.contains(command) } }

    /// What searches an index for logs.
    static let readers: Set<Command> = lineReaders.union([.extract, .plan])
    /// What asks a server.
    static let askers: Set<Command> = readers.union([.doctor, .verify])
    private static let lineReaders: Set<Command> = [.train, .collect, .sample, .score]
    private static let windowsAtOnce =
        "Windows read at once (default: two for each of the index's shards, at most the cores)."
    private static let tableUsers: Set<Command> = [.tableMerge, .tableShow, .tableTop, .tableExport, .drift]
    private static let rareStay =
        "Show only texts of at least so many lines (default: 10), so that rare ones, which may name people, stay here."
    private static let replacing = "Replace the file that is there already."
    static let trainers: Set<Command> = [.train, .demo]
    static let drawers: Set<Command> = [.train, .sample, .demo]
    private static let torchUsers: Set<Command> = [.train, .score, .demo, .doctor]
}
