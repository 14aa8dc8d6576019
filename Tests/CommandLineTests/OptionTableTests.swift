import Testing

@testable import opnilog_train

@Suite("Option table")
struct OptionTableTests {
    @Test("names are unique and in one form")
    func names() {
        let names = Options.every.map(\.name)
        #expect(Set(names).count == names.count)
        for name in names {
            #expect(name.allSatisfy { $0.isLowercase || $0 == "-" } && !name.hasPrefix("-"), "\(name)")
        }
    }

    @Test("no two settings share an environment name")
    func environmentNames() {
        let names = Options.every.flatMap(\.environmentNames)
        #expect(Set(names).count == names.count)
        #expect(Options.pageSize.spec.environmentName == "OPNILOG_PAGE_SIZE")
        #expect(Options.password.spec.environmentNames == ["OPNILOG_PASSWORD", "ES_PASSWORD"])
        #expect(Options.endpoint.spec.aliases == ["ES_ENDPOINT"])
        #expect(Options.username.spec.aliases == ["ES_USERNAME"])
    }

    @Test("every default is a value of its kind", arguments: Options.every.filter { $0.defaultText != nil })
    func defaults(spec: OptionSpec) throws {
        _ = try spec.parse(spec.defaultText ?? "")
    }

    @Test("every setting has a command, and a help text that is a sentence", arguments: Options.every)
    func help(spec: OptionSpec) {
        #expect(!spec.commands.isEmpty)
        #expect(spec.help.hasSuffix("."))
    }

    @Test("every command has the general settings", arguments: Command.allCases)
    func general(command: Command) {
        let names = Options.of(command).map(\.name)
        #expect(names.contains("progress") && names.contains("config"))
    }

    @Test("the settings are in the order of the headings of the help pages")
    func order() {
        let groups = Options.every.map(\.group).reduce(into: [OptionGroup]()) { groups, group in
            if groups.last != group { groups.append(group) }
        }
        #expect(groups == OptionGroup.allCases)
    }
}

extension OptionSpec: CustomTestStringConvertible {
    /// The name without dashes.
    public var testDescription: String { name }
}
