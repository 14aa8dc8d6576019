/// Where a setting was given.
enum Origin: Sendable, Equatable {
    case flag
    case environment(String)
    case file(path: String, line: Int)
    case preset

    /// Smaller is stronger.
    var rank: Int {
        switch self {
        case .flag: 0
        case .environment: 1
        case .file: 2
        case .preset: 3
        }
    }

    /// How an error names the setting: by what its user typed.
    func name(_ spec: OptionSpec) -> String {
        switch self {
        case .flag, .preset: spec.flag
        case .environment(let name): "\(name) (environment)"
        case .file(let path, let line): "\(spec.name) (\(path), line \(line))"
        }
    }
}

/// A setting as it was written, before its text is read.
struct GivenOption: Sendable, Equatable {
    let name: String
    let text: String
    let origin: Origin
}

/// The settings of one run: flag before environment before file before default, every text read and checked.
struct Settings: Sendable {
    /// Whose settings these are.
    let command: Command
    private var values: [String: [any Sendable]] = [:]
    private var texts: [String: [GivenOption]] = [:]

    /// - Parameter sources: from the strongest to the weakest; of each option, the strongest source that has it counts.
    init(of command: Command, from sources: [[GivenOption]]) throws(CommandError) {
        self.command = command
        for spec in Options.of(command) {
            guard let given = Self.strongest(spec, sources) else { continue }
            texts[spec.name] = given
            values[spec.name] = try Self.read(given, spec)
        }
    }

    subscript<Value>(_ setting: Setting<Value>) -> Value? { values[setting.spec.name]?.last as? Value }

    subscript<Value>(_ preset: Preset<Value>) -> Value {
        guard let value = values[preset.spec.name]?.last as? Value else {
            preconditionFailure("the command has no setting \(preset.spec.name)")
        }
        return value
    }

    subscript<Value>(_ many: Many<Value>) -> [Value] { values[many.spec.name, default: []].compactMap { $0 as? Value } }

    /// Where the setting came from; nil if it was not given at all.
    func origin(_ spec: OptionSpec) -> Origin? { texts[spec.name]?.last?.origin }

    func wasGiven(_ spec: OptionSpec) -> Bool { origin(spec).map { $0 != .preset } ?? false }

    /// Whether somebody asks for something by the setting: one that was given, and is no switch that is off.
    func isAsked(_ spec: OptionSpec) -> Bool { wasGiven(spec) && (values[spec.name]?.last as? Bool) != false }

    /// The settings as if this one had not been given.
    mutating func drop(_ spec: OptionSpec) throws(CommandError) {
        let preset = Self.strongest(spec, [])
        texts[spec.name] = preset
        values[spec.name] = nil
        if let preset { values[spec.name] = try Self.read(preset, spec) }
    }

    /// What a manifest records: name to text as written, defaults included; secrets left out, and settings that have
    /// no effect on logs from where they come from. Of a command only the program, since its arguments may be secrets.
    var recorded: [String: String] {
        let origin = try? LogOrigin(self, of: command)
        var recorded: [String: String] = [:]
        for spec in Options.of(command) where !spec.isSecret && origin?.has(spec) ?? true {
            recorded[spec.name] = texts[spec.name]?.map(\.text).joined(separator: ", ")
        }
        let bearer = Options.bearerCommand
        if recorded[bearer.spec.name] != nil { recorded[bearer.spec.name] = self[bearer]?.first }
        return recorded
    }

    private static func strongest(_ spec: OptionSpec, _ sources: [[GivenOption]]) -> [GivenOption]? {
        for source in sources {
            let given = source.filter { $0.name == spec.name }
            if !given.isEmpty { return spec.arity == .one ? Array(given.suffix(1)) : given }
        }
        return spec.defaultText.map { [GivenOption(name: spec.name, text: $0, origin: .preset)] }
    }

    private static func read(_ given: [GivenOption], _ spec: OptionSpec) throws(CommandError) -> [any Sendable] {
        var values: [any Sendable] = []
        for option in given {
            do {
                values.append(try spec.parse(option.text))
            } catch {
                let isHidden = spec.isSecret || spec.name == Options.bearerCommand.spec.name
                let what = isHidden ? "its value" : "\"\(option.text)\""
                throw CommandError.usage("\(option.origin.name(spec)): \(shown(what)) is not \(error.expected)")
            }
        }
        return values
    }

    /// A text short enough for one line, without control characters and without what may be a secret in a URL.
    private static func shown(_ text: String) -> String {
        if text.contains("://"), text.contains(where: { "@?#".contains($0) }) { return "the value" }
        let line = text.map { $0.isNewline ? " " : $0 }
        return line.count > 80 ? String(line.prefix(77)) + "…\"" : String(line)
    }
}
