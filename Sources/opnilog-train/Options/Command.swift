/// What `opnilog-train` can be asked to do.
enum Command: String, CaseIterable, Sendable {
    case train, collect, plan, extract, verify, sample
    case tableMerge = "table merge"
    case tableShow = "table show"
    case tableTop = "table top"
    case tableExport = "table export"
    case drift, score, mask, demo, simulate, doctor

    /// The line of the overview.
    var summary: String {
        switch self {
        case .plan: "Predicts documents, bytes, time, memory and disk of a reading, from counts and a second of it."
        case .train: "Trains a model from OpenSearch, from files or from a table, into a folder."
        case .collect: "Only reads: masks and counts the logs, leaves a table that train --table takes."
        case .extract: "Writes the documents of an index as NDJSON, each exactly once, and the proof of it."
        case .verify: "Compares a manifest of extract with what the server holds now."
        case .sample: "Writes one weighted subset as NDJSON to standard output."
        case .tableMerge: "Adds tables up to one, the table of all their lines."
        case .tableShow: "Says what a table holds, once its checksums and digests are verified."
        case .tableTop: "Writes the templates with the most lines as NDJSON, the largest count first."
        case .tableExport: "Writes a table's templates of 10 lines or more as NDJSON, in table order."
        case .drift: "Says how many lines of a later table are of templates that an earlier one lacks."
        case .score: "Scores logs with a trained model: one NDJSON line a log, in order."
        case .mask: "Writes the masked text of each log to standard output, one line each."
        case .demo: "Runs the main job against a server of its own filled with generated logs."
        case .simulate: "Runs that server alone until it is interrupted; nothing is stored."
        case .doctor: "Says what works on this machine and what to do about what does not."
        }
    }

    /// The option whose value may stand alone, without its name.
    var operand: OptionSpec? {
        switch self {
        case .verify: Options.manifest.spec
        case .tableMerge, .tableShow, .tableTop, .tableExport, .drift: Options.tables.spec
        default: nil
        }
    }

    /// The commands that begin with this word and go on with another.
    static func beginning(with word: String) -> [Command] { allCases.filter { $0.rawValue.hasPrefix(word + " ") } }

    /// What follows the command's name in its usage line.
    var synopsis: String {
        switch self {
        case .plan: "--endpoint URL [options]"
        case .train: "(--endpoint URL | --input FILE… | --table TABLE) --output DIR [options]"
        case .collect: "(--endpoint URL | --input FILE…) --output DIR [options]"
        case .extract: "--endpoint URL --output FILE|- [options]"
        case .verify: "MANIFEST [options]"
        case .sample: "(--endpoint URL | --input FILE… | --table TABLE) [options]"
        case .tableMerge: "TABLE… -o FILE [options]"
        case .tableShow, .tableTop, .tableExport: "TABLE [options]"
        case .drift: "EARLIER LATER [options]"
        case .score: "--model DIR (--endpoint URL | --input FILE…) [options]"
        case .mask: "--input FILE… [options]"
        case .demo, .simulate, .doctor: "[options]"
        }
    }
}
