/// A text as the literal interpreter sees it: code points, each with what the standard library says of it.
///
/// The classes come from `Unicode.Scalar.Properties`, a newer Unicode than Python 3.11's, so the generated lines keep
/// to characters whose classes have not changed; the vectors and `UnicodeTests` cover the rest.
struct LiteralText: Equatable {
    /// The code point in the lower 21 bits, the kinds above.
    var units: [UInt32]

    static var wordKind: UInt32 { 1 << 24 }
    static var decimalKind: UInt32 { 1 << 25 }
    static var spaceKind: UInt32 { 1 << 26 }

    init(units: [UInt32]) { self.units = units }

    init(_ string: String) {
        units = string.unicodeScalars.map { $0.value | Self.kinds(of: $0) }
    }

    var string: String {
        var scalars = String.UnicodeScalarView()
        for unit in units { scalars.append(Self.scalar(unit)) }
        return String(scalars)
    }

    static func scalar(_ unit: UInt32) -> Unicode.Scalar {
        Unicode.Scalar(unit & 0x1F_FFFF) ?? "\u{FFFD}"
    }

    static func kinds(of scalar: Unicode.Scalar) -> UInt32 {
        let properties = scalar.properties
        var kinds: UInt32 = 0
        if isAlphanumeric(properties) || scalar == "_" { kinds |= wordKind }
        if properties.generalCategory == .decimalNumber { kinds |= decimalKind }
        if properties.isWhitespace || (0x1C...0x1F).contains(scalar.value) { kinds |= spaceKind }
        return kinds
    }

    /// Python's `str.isalnum`.
    static func isAlphanumeric(_ properties: Unicode.Scalar.Properties) -> Bool {
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
        default: properties.numericType != nil
        }
    }
}
