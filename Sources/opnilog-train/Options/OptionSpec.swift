/// One setting as every front end sees it: command-line parser, environment, file, help page.
struct OptionSpec: Sendable {
    /// The name without dashes; also the key of the YAML file.
    let name: String
    /// What the help page shows for the value; nil for a switch, which takes none.
    private(set) var placeholder: String?
    let arity: Arity
    /// The default as a user would write it.
    let defaultText: String?
    /// Environment names of the original program that are understood too.
    let aliases: [String]
    let isSecret: Bool
    let group: OptionGroup
    let commands: Set<Command>
    private(set) var help: String
    /// What a command calls it where that is something else than for the others.
    var wordings: [Command: Wording] = [:]
    /// Turns a text into the setting's value, or says what was expected.
    let parse: @Sendable (String) throws(ValueFault) -> any Sendable

    struct Wording: Sendable {
        let placeholder: String?
        let help: String
        /// A letter that the command takes with one dash.
        var short: Character?
    }

    enum Arity: Sendable {
        /// The last one given counts.
        case one
        /// May be given again; all count.
        case repeated
        /// May be given again, and each time takes all values up to the next option (`--input *.gz`).
        case list
    }

    /// `page-size` is `OPNILOG_PAGE_SIZE` in the environment.
    var environmentName: String { "OPNILOG_" + name.uppercased().replacing("-", with: "_") }
    var environmentNames: [String] { [environmentName] + aliases }
    /// As a command's help page shows it.
    func worded(for command: Command) -> OptionSpec {
        guard let wording = wordings[command] else { return self }
        var spec = self
        spec.placeholder = wording.placeholder
        spec.help = wording.help
        return spec
    }

    /// The letter that stands for the name where a command has one.
    func short(of command: Command) -> Character? { wordings[command]?.short }

    var flag: String { "--" + name }
    var isSwitch: Bool { placeholder == nil }
}

/// The headings of a help page, in their order.
enum OptionGroup: String, CaseIterable, Sendable {
    case openSearch = "From OpenSearch"
    case access = "Access to OpenSearch"
    case documents = "Documents"
    case files = "From files"
    case table = "From a table"
    case cleaning = "Cleaning"
    case masking = "Masking"
    case model = "Model"
    case output = "Output"
    case draw = "Draw and training"
    case server = "Embedded server"
    case resources = "Resources"
    case general = "General"
}

/// A setting of any kind.
protocol NamedSetting {
    var spec: OptionSpec { get set }
}

extension NamedSetting {
    /// The same setting, which some command calls something else.
    func saying(
        _ command: Command, placeholder: String? = nil, short: Character? = nil, _ help: String
    ) -> Self {
        var setting = self
        setting.spec.wordings[command] = OptionSpec.Wording(
            placeholder: spec.isSwitch ? nil : placeholder ?? spec.placeholder, help: help, short: short)
        return setting
    }
}

/// A setting without a default: absent unless given.
struct Setting<Value: Sendable>: Sendable, NamedSetting {
    var spec: OptionSpec
}

/// A setting that always has a value, a switch among them.
struct Preset<Value: Sendable>: Sendable, NamedSetting {
    var spec: OptionSpec
}

/// A setting that may be given many times.
struct Many<Value: Sendable>: Sendable {
    let spec: OptionSpec
}
