/// Settings from the environment: `OPNILOG_` names, and the original program's where it had one.
enum EnvironmentSource {
    /// An empty variable counts as none; of several names of one setting, ours counts. Lists are cut at commas,
    /// and blanks around a part are none of it.
    static func options(_ environment: [String: String]) -> [GivenOption] {
        Options.every.flatMap { spec -> [GivenOption] in
            for name in spec.environmentNames {
                let text = environment[name] ?? ""
                let texts = spec.arity == .one ? [text] : text.split(separator: ",").map(trimmed)
                let given = texts.filter { !$0.isEmpty }
                if given.isEmpty { continue }
                return given.map { GivenOption(name: spec.name, text: $0, origin: .environment(name)) }
            }
            return []
        }
    }

    private static func trimmed(_ part: Substring) -> String {
        let start = part.drop(while: \.isWhitespace)
        return start.lastIndex { !$0.isWhitespace }.map { String(start[...$0]) } ?? ""
    }

    /// What to say of variables that are none of ours but nearly called so. Others that begin like ours may be another
    /// program's, or what Kubernetes sets for a service of our name.
    static func misspelt(_ environment: [String: String]) -> [String] {
        let prefix = "OPNILOG_"
        let names = Options.every.map(\.environmentName)
        let others = environment.keys.filter { $0.hasPrefix(prefix) && !names.contains($0) }
        return others.sorted().compactMap { other in
            Nearest.name(other, among: names, within: (other.count - prefix.count) / 4)
                .map { "\(other) in the environment is no setting; did you mean \($0)?" }
        }
    }
}
