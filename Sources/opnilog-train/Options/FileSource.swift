import CYAML

/// Settings from a YAML file: one mapping from setting names to scalars or lists of scalars.
struct FileSource {
    private let path: String
    private var given: [GivenOption] = []
    private var lines: [String: Int] = [:]

    /// - Parameter path: what errors call the file.
    static func options(_ text: String, path: String) throws(CommandError) -> [GivenOption] {
        var source = FileSource(path: path)
        let events = try YAMLEvents.of(text, path: path, remedy: "settings are written as name: value, one a line")
        try source.read(events)
        return source.given
    }

    private init(path: String) { self.path = path }

    private mutating func read(_ events: [YAMLEvent]) throws(CommandError) {
        var events = events[...]
        guard let first = events.popFirst(), first.content != .documentEnd else { return }
        if case .scalar(let text, true) = first.content, Self.meansNothing(text) { return }
        guard first.content == .mappingStart else {
            throw fault(first.line, "settings are written as name: value")
        }
        while let key = events.popFirst(), key.content != .mappingEnd {
            guard case .scalar(let name, _) = key.content else {
                throw fault(key.line, "a setting's name must be a text")
            }
            try value(of: name, line: key.line, &events)
        }
        if let more = events.first(where: { $0.content != .documentEnd }) {
            throw fault(more.line, "a second document begins here, but one file holds one")
        }
    }

    private mutating func value(
        of name: String, line: Int, _ events: inout ArraySlice<YAMLEvent>
    ) throws(CommandError) {
        guard let spec = Options.every.first(where: { $0.name == name }), spec.name != Options.config.spec.name else {
            let names = Options.every.map(\.name).filter { $0 != Options.config.spec.name }
            throw fault(line, "there is no setting \(name)" + Nearest.question(name, among: names))
        }
        if let earlier = lines.updateValue(line, forKey: name) {
            throw fault(line, "\(name) was given in line \(earlier) already")
        }
        guard let first = events.popFirst() else { return }
        if first.content == .sequenceStart {
            guard spec.arity != .one else { throw fault(first.line, "\(name) takes one value, not a list") }
            while let item = events.popFirst(), item.content != .sequenceEnd { try scalar(item, of: spec) }
        } else {
            try scalar(first, of: spec)
        }
    }

    private mutating func scalar(_ event: YAMLEvent, of spec: OptionSpec) throws(CommandError) {
        switch event.content {
        case .scalar(let text, let isPlain):
            if isPlain, Self.meansNothing(text) { return }
            let origin = Origin.file(path: path, line: event.line)
            given.append(GivenOption(name: spec.name, text: text, origin: origin))
        case .alias:
            throw fault(event.line, "anchors and aliases are not used in settings; write the value out")
        default:
            let advice = spec.name == Options.query.spec.name ? "; write the query as JSON text after query: |" : ""
            throw fault(event.line, "\(spec.name) takes a plain value" + advice)
        }
    }

    private static func meansNothing(_ text: String) -> Bool { ["", "~", "null", "Null", "NULL"].contains(text) }

    private func fault(_ line: Int, _ problem: String) -> CommandError {
        .usage("\(path), line \(line): \(problem)", remedy: "opnilog-train help COMMAND lists the settings")
    }
}

/// One event of a YAML text, with the line where it begins.
struct YAMLEvent: Sendable, Equatable {
    enum Content: Sendable, Equatable {
        case scalar(String, isPlain: Bool)
        case sequenceStart, sequenceEnd, mappingStart, mappingEnd, alias, documentEnd
    }

    let content: Content
    let line: Int
}

/// The events of a whole text. Settings are small; the caller bounds the text's length.
enum YAMLEvents {
    /// - Parameter remedy: how such a file is written, for a text that is no YAML.
    static func of(_ text: String, path: String, remedy: String) throws(CommandError) -> [YAMLEvent] {
        var text = text
        let result: Result<[YAMLEvent], CommandError> = text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { characters in
                Result { () throws(CommandError) in try read(characters, path, remedy) }
            }
        }
        return try result.get()
    }

    private static func read(
        _ text: UnsafeBufferPointer<CChar>, _ path: String, _ remedy: String
    ) throws(CommandError) -> [YAMLEvent] {
        guard let start = text.baseAddress, !text.isEmpty else { return [] }
        guard let parser = opnilog_yaml_open(start, text.count) else {
            throw CommandError(.fault, "no memory to read \(path)")
        }
        defer { opnilog_yaml_close(parser) }
        var events: [YAMLEvent] = []
        while true {
            var event = opnilog_yaml_event()
            opnilog_yaml_next(parser, &event)
            if event.kind == OPNILOG_YAML_STREAM_END { return events }
            if event.kind == OPNILOG_YAML_ERROR {
                throw .usage(
                    "\(path), line \(event.line): this is no YAML (\(string(event)))", remedy: remedy)
            }
            events.append(YAMLEvent(content: content(event), line: Int(event.line)))
        }
    }

    private static func content(_ event: opnilog_yaml_event) -> YAMLEvent.Content {
        switch event.kind {
        case OPNILOG_YAML_SCALAR: .scalar(string(event), isPlain: event.is_plain)
        case OPNILOG_YAML_SEQUENCE_START: .sequenceStart
        case OPNILOG_YAML_SEQUENCE_END: .sequenceEnd
        case OPNILOG_YAML_MAPPING_START: .mappingStart
        case OPNILOG_YAML_MAPPING_END: .mappingEnd
        case OPNILOG_YAML_ALIAS: .alias
        default: .documentEnd
        }
    }

    private static func string(_ event: opnilog_yaml_event) -> String {
        String(decoding: UnsafeRawBufferPointer(start: event.text, count: event.length), as: UTF8.self)
    }
}
