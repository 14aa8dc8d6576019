/// What a command line asks for.
enum Invocation: Sendable, Equatable {
    case version
    case overview
    case help(Command)
    /// The commands that begin with this word.
    case helpOfGroup(String)
    case run(Command, [GivenOption])
}

/// Reads the arguments after the program's name. Values are not interpreted here, only paired with their options.
struct ArgumentScanner {
    private var rest: ArraySlice<String>
    /// After `--`: what follows are values, whatever they begin with.
    private var isLiteral = false

    private init(_ arguments: [String]) { rest = arguments[...] }

    static func scan(_ arguments: [String]) throws(CommandError) -> Invocation {
        var scanner = ArgumentScanner(arguments)
        return try scanner.invocation()
    }

    private mutating func invocation() throws(CommandError) -> Invocation {
        guard let first = rest.popFirst() else {
            throw .usage("no command given", remedy: "opnilog-train help lists the commands")
        }
        switch first {
        case "--version", "version": return .version
        case "--help", "-h": return .overview
        case "help":
            guard let name = rest.popFirst() else { return .overview }
            if rest.isEmpty, !Command.beginning(with: name).isEmpty { return .helpOfGroup(name) }
            return .help(try command(name))
        default:
            if ["--help", "-h"].contains(rest.first), !Command.beginning(with: first).isEmpty {
                return .helpOfGroup(first)
            }
            let command = try command(first)
            guard let given = try options(of: command) else { return .help(command) }
            try checkIndices(given)
            return .run(command, given)
        }
    }

    private mutating func command(_ first: String) throws(CommandError) -> Command {
        let longer = Command.beginning(with: first)
        var name = first
        if !longer.isEmpty {
            let words = longer.map { String($0.rawValue.dropFirst(first.count + 1)) }.joined(separator: ", ")
            guard let second = rest.popFirst(), !second.hasPrefix("-") else {
                throw .usage("\(first) stands for several commands", remedy: "add one of: \(words)")
            }
            name += " " + second
        }
        if let command = Command(rawValue: name) { return command }
        if name.hasPrefix("-") {
            throw .usage("\(name) stands before the command", remedy: "write opnilog-train COMMAND \(name)")
        }
        throw .usage(
            "there is no command \(name)" + Nearest.question(name, among: Command.allCases.map(\.rawValue)),
            remedy: "opnilog-train help lists the commands")
    }

    /// The options given; nil if help was asked for.
    private mutating func options(of command: Command) throws(CommandError) -> [GivenOption]? {
        let specs = Options.of(command)
        var given: [GivenOption] = []
        while let argument = rest.popFirst() {
            if argument == "--help" || argument == "-h" { return nil }
            if argument == "--version" {
                throw .usage("--version stands alone", remedy: "run opnilog-train --version")
            }
            if argument == "--", rest.isEmpty { break }
            if !isLiteral, let spec = specs.first(where: { $0.short(of: command).map { "-\($0)" } == argument }) {
                given += try values(of: spec, inline: nil)
                continue
            }
            guard argument.hasPrefix("--"), argument != "--", !isLiteral else {
                guard let operand = command.operand, !argument.hasPrefix("-") || isLiteral else {
                    throw stray(argument, command)
                }
                given.append(GivenOption(name: operand.name, text: argument, origin: .flag))
                continue
            }
            let parts = argument.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            guard let spec = specs.first(where: { $0.name == name }) else { throw unknown(name, command, specs) }
            if spec.isSecret { throw secret(spec) }
            given += try values(of: spec, inline: parts.count > 1 ? String(parts[1]) : nil)
        }
        return given
    }

    /// Of other options the last one counts, so that a script's can be given anew; whoever names two indices wants
    /// both.
    private func checkIndices(_ given: [GivenOption]) throws(CommandError) {
        let spec = Options.index.spec
        guard Set(given.filter { $0.name == spec.name }.map(\.text)).count > 1 else { return }
        throw .usage("\(spec.flag) is given twice", remedy: "give it once, with the names joined by commas")
    }

    private mutating func values(of spec: OptionSpec, inline: String?) throws(CommandError) -> [GivenOption] {
        var texts: [String] = []
        if let inline {
            texts = [inline]
        } else if spec.isSwitch {
            texts = ["true"]
        } else {
            guard let text = takeValue() else {
                throw .usage("\(spec.flag) needs a value", remedy: "write \(spec.flag) \(spec.placeholder ?? "")")
            }
            texts = [text]
            while spec.arity == .list, let text = takeValue() { texts.append(text) }
        }
        return texts.map { GivenOption(name: spec.name, text: $0, origin: .flag) }
    }

    /// The next argument if it is a value: anything but an option; `-`, `-24h` and `-1` are values. After `--` all are.
    private mutating func takeValue() -> String? {
        if rest.first == "--", !isLiteral {
            guard rest.count > 1 else { return nil }
            rest.removeFirst()
            isLiteral = true
        }
        guard let next = rest.first, !isLiteral else { return rest.popFirst() }
        let second = next.dropFirst().first
        if next.hasPrefix("-"), let second, !second.isNumber { return nil }
        return rest.popFirst()
    }

    private func stray(_ argument: String, _ command: Command) -> CommandError {
        if argument.hasPrefix("-"), argument.count > 1 {
            return .usage("there is no option \(argument)", remedy: "options begin with two dashes: \(page(command))")
        }
        let advice = Options.input.spec.commands.contains(command) ? "give files with --input: " : ""
        return .usage("\"\(argument)\" belongs to no option", remedy: advice + page(command))
    }

    private func unknown(_ name: String, _ command: Command, _ specs: [OptionSpec]) -> CommandError {
        if Options.every.contains(where: { $0.name == name }) {
            return .usage("\(command.rawValue) has no option --\(name)", remedy: page(command))
        }
        let question = Nearest.question("--" + name, among: specs.map(\.flag))
        return .usage("there is no option --\(name)" + question, remedy: page(command))
    }

    private func secret(_ spec: OptionSpec) -> CommandError {
        .usage(
            "\(spec.flag) is not taken from the command line, which other users of this machine can read",
            remedy: "set \(spec.environmentNames.joined(separator: " or ")), or \(spec.name): in the --config file")
    }

    private func page(_ command: Command) -> String { "opnilog-train help \(command.rawValue) lists the options" }
}
