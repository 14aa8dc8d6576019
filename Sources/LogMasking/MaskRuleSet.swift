import CPCRE2

/// The built-in rules and what an operator adds to them, ready to be used by any number of maskers.
public final class MaskRuleSet: Sendable {
    /// Nothing but the built-in rules.
    public static let builtIn = MaskRuleSet()

    /// The rules that were added, in their order.
    public let customMasks: [CustomMask]

    let before: [CompiledMask]
    let after: [CompiledMask]

    private init() {
        customMasks = []
        before = []
        after = []
    }

    /// The built-in rules and some more.
    ///
    /// - Throws: `MaskingError`, which names the rule and, in a pattern, the character that is wrong.
    public init(adding masks: [CustomMask]) throws(MaskingError) {
        var compiled: [CompiledMask] = []
        for (index, mask) in masks.enumerated() {
            if mask.name.isEmpty || masks[..<index].contains(where: { $0.name == mask.name }) {
                let problem = mask.name.isEmpty ? "A mask has no name" : "There are two masks named \(mask.name)"
                throw MaskingError(.badName, rule: index, "\(problem); give each its own name.")
            }
            guard mask.hasSoundToken else {
                throw MaskingError(
                    .badToken, rule: index,
                    "The token \(mask.token) of the mask \(mask.name) must be letters and _ in angle brackets, such as <POD>; the built-in rules would take another apart."
                )
            }
            compiled.append(try CompiledMask(mask, rule: index))
        }
        customMasks = masks
        before = compiled.filter { $0.place == .before }
        after = compiled.filter { $0.place == .after }
    }

    /// Whether there is nothing but the built-in rules.
    public var isBuiltIn: Bool { customMasks.isEmpty }

    /// The rules as text, a step a line: what the rules' digest is computed over. Names do not matter to it.
    public var canonicalText: String {
        var text = MaskRules.canonicalText
        for place in CustomMask.Place.allCases {
            for mask in customMasks where mask.place == place {
                text += "\(place.rawValue)\t\(mask.pattern)\t\(mask.token)\n"
            }
        }
        return text
    }
}

/// A rule with its pattern compiled. PCRE2 lets any number of threads match with one, which never changes, hence
/// `@unchecked Sendable`.
final class CompiledMask: @unchecked Sendable {
    let pattern: OpaquePointer
    let place: CustomMask.Place
    let name: String
    /// What is written for a match: lowered where nothing lowers it later.
    let token: [UInt8]

    init(_ mask: CustomMask, rule: Int) throws(MaskingError) {
        var fault = opnilog_pattern_fault()
        let bytes = Array(mask.pattern.utf8)
        guard let pattern = opnilog_pattern_compile(bytes, bytes.count, &fault) else {
            let reason = withUnsafeBytes(of: fault.message) { text in
                String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
            }
            let character = String(decoding: bytes.prefix(fault.offset), as: UTF8.self).unicodeScalars.count
            throw MaskingError(
                .badPattern, rule: rule,
                "The pattern of the mask \(mask.name) is wrong after its character \(character): \(reason).")
        }
        self.pattern = pattern
        place = mask.place
        name = mask.name
        token = Array((mask.place == .before ? mask.token : mask.token.lowercased()).utf8)
    }

    deinit { opnilog_pattern_free(pattern) }
}
