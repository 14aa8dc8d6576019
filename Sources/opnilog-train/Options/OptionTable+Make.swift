extension Options {
    static func setting<Value>(
        _ name: String, _ kind: ValueKind<Value>, _ commands: Set<Command>, _ group: OptionGroup,
        or aliases: [String] = [], help: String
    ) -> Setting<Value> {
        Setting(spec: spec(name, kind, commands, group, aliases: aliases, help: help))
    }

    static func preset<Value>(
        _ name: String, _ kind: ValueKind<Value>, _ defaultText: String, _ commands: Set<Command>,
        _ group: OptionGroup, help: String
    ) -> Preset<Value> {
        Preset(spec: spec(name, kind, commands, group, defaultText: defaultText, help: help))
    }

    static func toggle(_ name: String, _ commands: Set<Command>, _ group: OptionGroup, help: String) -> Preset<Bool> {
        Preset(spec: spec(name, .toggle, commands, group, defaultText: "false", takesValue: false, help: help))
    }

    static func secret(
        _ name: String, _ commands: Set<Command>, _ group: OptionGroup, or aliases: [String], help: String
    ) -> Setting<String> {
        Setting(spec: spec(name, .text("SECRET"), commands, group, aliases: aliases, isSecret: true, help: help))
    }

    static func many<Value>(
        _ name: String, _ kind: ValueKind<Value>, _ commands: Set<Command>, _ group: OptionGroup,
        or aliases: [String] = [], help: String
    ) -> Many<Value> {
        Many(spec: spec(name, kind, commands, group, arity: .repeated, aliases: aliases, help: help))
    }

    static func list<Value>(
        _ name: String, _ kind: ValueKind<Value>, _ commands: Set<Command>, _ group: OptionGroup, help: String
    ) -> Many<Value> {
        Many(spec: spec(name, kind, commands, group, arity: .list, help: help))
    }

    private static func spec<Value>(
        _ name: String, _ kind: ValueKind<Value>, _ commands: Set<Command>, _ group: OptionGroup,
        arity: OptionSpec.Arity = .one, defaultText: String? = nil, aliases: [String] = [], isSecret: Bool = false,
        takesValue: Bool = true, help: String
    ) -> OptionSpec {
        OptionSpec(
            name: name, placeholder: takesValue ? kind.placeholder : nil, arity: arity, defaultText: defaultText,
            aliases: aliases, isSecret: isSecret, group: group, commands: commands, help: help,
            parse: { text throws(ValueFault) in try kind.parse(text) })
    }
}
