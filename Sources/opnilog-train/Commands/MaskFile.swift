import LogMasking

/// The file of `--masks`: a YAML mapping with one list, `masks`, of rules with a name, a pattern, a token and perhaps a
/// place.
struct MaskFile {
    /// A file of rules is small; a log that was named by mistake is not.
    private static let longest = 1 << 20
    private static let keys = ["name", "pattern", "token", "place"]
    private static let remedy = "docs/masks.md shows how masks are written"
    /// In double quotes YAML takes backslashes for itself, which is the usual mistake.
    private static let remedyOfYAML = "masks are written as a list under masks:; write patterns in single quotes"

    private let path: String
    private var masks: [CustomMask] = []
    /// Line of each rule, and of its pattern and token.
    private var lines: [[String: Int]] = []

    /// The settings of `--masks` and `--longest-line`.
    static func settings(_ settings: Settings) throws(CommandError) -> MaskSettings {
        var masking = MaskSettings()
        let options = Options.of(settings.command).map(\.name)
        // What has no such setting cuts nothing.
        masking.longestMessage =
            options.contains(Options.longestLine.spec.name) ? settings[Options.longestLine] : .max
        if options.contains(Options.masks.spec.name), let path = settings[Options.masks] {
            masking.rules = try rules(path)
        }
        return masking
    }

    private static func rules(_ path: String) throws(CommandError) -> MaskRuleSet {
        let bytes: [UInt8]
        do {
            bytes = try SmallFile.read(path, atMost: longest)
        } catch {
            throw .usage("--masks: \(path) cannot be read: \(error.reason)", remedy: "name a YAML file of masks")
        }
        return try rules(String(decoding: bytes, as: UTF8.self), path: path)
    }

    /// - Parameter path: what errors call the file.
    static func rules(_ text: String, path: String) throws(CommandError) -> MaskRuleSet {
        var file = MaskFile(path: path)
        try file.read(YAMLEvents.of(text, path: path, remedy: remedyOfYAML))
        do {
            return try MaskRuleSet(adding: file.masks)
        } catch {
            let keys: [MaskingError.Code: String] = [.badPattern: "pattern", .badToken: "token"]
            let key = keys[error.code] ?? "name"
            throw file.fault(file.lines[error.rule][key] ?? 0, error.message)
        }
    }

    private init(path: String) { self.path = path }

    private mutating func read(_ events: [YAMLEvent]) throws(CommandError) {
        var events = events[...]
        guard let first = events.popFirst(), first.content == .mappingStart, let key = events.popFirst(),
            case .scalar("masks", _) = key.content, let list = events.popFirst(), list.content == .sequenceStart
        else { throw fault(1, "masks are written as a list under masks:") }
        while let item = events.popFirst(), item.content != .sequenceEnd {
            guard item.content == .mappingStart else {
                throw fault(item.line, "a mask has a name, a pattern and a token")
            }
            try readMask(line: item.line, &events)
        }
        if let more = events.popFirst(), more.content != .mappingEnd {
            throw fault(more.line, "there is nothing but masks in such a file")
        }
    }

    private mutating func readMask(line: Int, _ events: inout ArraySlice<YAMLEvent>) throws(CommandError) {
        var values: [String: String] = [:]
        var lines = ["": line]
        while let key = events.popFirst(), key.content != .mappingEnd {
            guard case .scalar(let name, _) = key.content, Self.keys.contains(name) else {
                throw fault(key.line, "a mask has \(Self.keys.joined(separator: ", ")) and nothing else")
            }
            guard let value = events.popFirst(), case .scalar(let text, _) = value.content else {
                throw fault(key.line, "\(name) takes a text")
            }
            guard values.updateValue(text, forKey: name) == nil else {
                throw fault(key.line, "\(name) was given in line \(lines[name] ?? line) already")
            }
            lines[name] = key.line
        }
        guard let name = values["name"], let pattern = values["pattern"], let token = values["token"] else {
            let missing = Self.keys.dropLast().filter { values[$0] == nil }.joined(separator: " and ")
            throw fault(line, "the mask that begins here has no \(missing)")
        }
        if let problem = Self.problem(of: pattern) {
            throw fault(lines["pattern"] ?? line, "the pattern of the mask \(name) \(problem)")
        }
        guard let place = CustomMask.Place(rawValue: values["place"] ?? "before") else {
            throw fault(lines["place"] ?? line, "place is before or after")
        }
        masks.append(CustomMask(name: name, pattern: pattern, token: token, place: place))
        self.lines.append(lines)
    }

    /// What PCRE2 would take, though nobody can have meant it; nil if there is nothing of the kind.
    private static func problem(of pattern: String) -> String? {
        if pattern.isEmpty { return "is empty, and a match of no characters is none" }
        guard pattern.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else { return nil }
        return "holds a control character; write it in single quotes, in which YAML leaves the backslash alone"
    }

    private func fault(_ line: Int, _ problem: String) -> CommandError {
        .usage("\(path), line \(line): \(problem)", remedy: Self.remedy)
    }
}

extension MaskTally {
    /// What was not masked as the rules say, for a note; nil if nothing was.
    var remark: String? {
        var parts: [String] = []
        if cutMessages > 0 {
            parts.append(
                "\(Figures.grouped(Int(cutMessages))) messages were cut by \(Figures.grouped(Int(cutBytes))) bytes "
                    + "(--longest-line)")
        }
        if givenUp > 0 {
            parts.append(
                "masks of --masks were given up on \(Figures.grouped(Int(givenUp))) times: their patterns backtrack")
        }
        return parts.isEmpty ? nil : parts.joined(separator: "; ")
    }
}
