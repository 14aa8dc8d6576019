/// Settings from the environment: `OPNILOG_` names, and the original program's where it had one.
enum EnvironmentSource {
    /// An empty variable counts as none; of several names of one setting, ours counts. Lists are cut at commas.
    static func options(_ environment: [String: String]) -> [GivenOption] {
        Options.every.flatMap { spec -> [GivenOption] in
            for name in spec.environmentNames {
                guard let text = environment[name], !text.isEmpty else { continue }
                let texts = spec.arity == .one ? [text] : text.split(separator: ",").map(String.init)
                return texts.map { GivenOption(name: spec.name, text: $0, origin: .environment(name)) }
            }
            return []
        }
    }
}
