public import LogMasking

/// SHA-256 of the mask rules: templates are comparable only under the same rules.
enum RulesDigest {
    static func of(_ rules: MaskRuleSet) -> [UInt8] {
        let digest = SHA256()
        digest.update(rules.canonicalText)
        return digest.finish()
    }
}

extension MaskRuleSet {
    /// SHA-256 of the rules in hexadecimal digits, as tables and models record it.
    public var digest: String { RulesDigest.of(self).hexadecimal }
}
