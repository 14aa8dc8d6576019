/// Pages of help, made from the option table; no line is longer than 100 columns.
enum HelpPage {
    static let width = 100
    private static let column = 26

    static var overview: String {
        var lines = ["Usage: opnilog-train COMMAND [options]", ""]
        lines += wrapped("Trains Opni's log anomaly model from logs that need not fit in memory.", indent: 0)
        lines += ["", "Commands:"]
        for command in Command.allCases { lines += entry(command.rawValue, command.summary, column: 16) }
        lines += ["", "opnilog-train help COMMAND shows a command's options; opnilog-train --version the version.", ""]
        lines += wrapped(
            "Exit codes: 0 complete; 1 drift above --above; 2 partial, what is missing is listed; 64 a bad setting or an output that is in use; "
                + "65 no usable log, model or table; 69 server, libtorch or device not usable; 70 a fault of this "
                + "program; 74 disk or output not writable; 75 interrupted, run again.", indent: 0)
        return lines.joined(separator: "\n") + "\n"
    }

    /// The commands that begin with a word, such as `table`.
    static func ofGroup(_ word: String) -> String {
        var lines = ["Usage: opnilog-train \(word) COMMAND [options]", "", "Commands:"]
        for command in Command.beginning(with: word) { lines += entry(command.rawValue, command.summary, column: 16) }
        lines += ["", "opnilog-train help \(word) COMMAND shows a command's options."]
        return lines.joined(separator: "\n") + "\n"
    }

    static func of(_ command: Command) -> String {
        var lines = wrapped("Usage: opnilog-train \(command.rawValue) \(command.synopsis)", indent: 0, hanging: 7)
        lines += [""] + wrapped(command.summary, indent: 0)
        let specs = Options.of(command).map { $0.worded(for: command) }
        for group in OptionGroup.allCases {
            let members = specs.filter { $0.group == group }
            if members.isEmpty { continue }
            lines += ["", group.rawValue + ":"]
            for spec in members { lines += entry(head(spec, command), body(spec), column: column) }
        }
        lines += [""]
        lines += wrapped(
            "Every option may also come from the environment (--page-size is OPNILOG_PAGE_SIZE) or from the --config "
                + "file (page-size: 1000). A flag counts before the environment, the environment before the file.",
            indent: 0)
        return lines.joined(separator: "\n") + "\n"
    }

    private static func head(_ spec: OptionSpec, _ command: Command) -> String {
        if spec.isSecret { return spec.name + " (no flag)" }
        let short = spec.short(of: command).map { "-\($0), " } ?? ""
        let dots = spec.arity == .list ? "…" : ""
        return short + spec.flag + (spec.placeholder.map { " " + $0 + dots } ?? "")
    }

    private static func body(_ spec: OptionSpec) -> String {
        var text = spec.help
        if let defaultText = spec.defaultText, !spec.isSwitch { text += " Default: \(defaultText)." }
        if spec.isSecret {
            text += " Environment: \(spec.environmentNames.joined(separator: ", "))."
        } else if !spec.aliases.isEmpty {
            text += " Environment also: \(spec.aliases.joined(separator: ", "))."
        }
        return text
    }

    /// A head and its text beside it; a long head stands on a line of its own.
    private static func entry(_ head: String, _ text: String, column: Int) -> [String] {
        let body = wrapped(text, indent: column)
        let start = "  " + head
        guard start.count + 2 <= column, let first = body.first else { return [start] + body }
        let padding = String(repeating: " ", count: column - start.count)
        return [start + padding + first.drop { $0 == " " }] + body.dropFirst()
    }

    /// Lines of at most `width` columns; lines after the first are indented by `hanging` more.
    static func wrapped(_ text: String, indent: Int, hanging: Int = 0) -> [String] {
        var lines: [String] = []
        var line = String(repeating: " ", count: indent)
        var isEmpty = true
        for word in text.split(separator: " ") {
            if !isEmpty, line.count + 1 + word.count > width {
                lines.append(line)
                line = String(repeating: " ", count: indent + hanging)
                isEmpty = true
            }
            line += (isEmpty ? "" : " ") + word
            isEmpty = false
        }
        return lines + [line]
    }
}
