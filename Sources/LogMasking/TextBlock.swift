/// 64 bytes of a text, as bits, together with the blocks beside it.
struct TextBlock {
    private let words: UnsafePointer<UInt64>

    @inline(__always)
    init(_ text: MaskText, _ block: Int) {
        words = UnsafePointer(text.words + block * MaskText.wordsPerBlock)
    }

    /// The bytes that are in the class.
    @inline(__always)
    subscript(bitClass: BitClass) -> UInt64 { words[bitClass.rawValue] }

    /// The bytes that have one of the class `distance` behind them, further on in the text.
    @inline(__always)
    func ahead(_ distance: UInt64, _ bitClass: BitClass) -> UInt64 {
        words[bitClass.rawValue] &>> distance
            | words[bitClass.rawValue + MaskText.wordsPerBlock] &<< (64 - distance)
    }

    /// The bytes that have one of the class `distance` before them.
    @inline(__always)
    func behind(_ distance: UInt64, _ bitClass: BitClass) -> UInt64 {
        words[bitClass.rawValue] &<< distance
            | words[bitClass.rawValue - MaskText.wordsPerBlock] &>> (64 - distance)
    }

    /// The bytes `distance` before what may be `\d`: an ASCII digit or a part of any character that is not ASCII.
    @inline(__always)
    func decimalAhead(_ distance: UInt64) -> UInt64 { ahead(distance, .digit) | ahead(distance, .nonASCII) }

    /// The bytes `distance` behind what may be `\d`.
    @inline(__always)
    func decimalBehind(_ distance: UInt64) -> UInt64 { behind(distance, .digit) | behind(distance, .nonASCII) }
}
