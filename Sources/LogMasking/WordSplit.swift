import CBytes

/// The last two steps in one: the text is cut at its delimiters, the pieces that carry nothing are dropped, what is
/// left is joined with one space and lowered.
///
/// Dropped is what the original's filter drops, a test for being part of one string: no piece at all, a lone
/// backslash, and every delimiter but `:` and `=`. A sigma looks at its neighbours only up to the nearest space of the
/// joined text, hence up to the ends of its piece.
struct WordSplit {
    private var text: MaskText
    private let output: UnsafeMutablePointer<UInt8>
    private let names = Mask.names
    private var end = 0

    /// Bytes that one copy may write behind what it was asked for.
    private static var slack: Int { 32 }

    /// Writes the words of `text` into `output`, which need not be empty.
    static func write(_ text: inout MaskText, into output: inout MaskBuffer) {
        output.clear()
        // A byte becomes at most one and a half (U+023A, of two bytes, becomes one of three), and each piece that is
        // kept brings one space.
        output.reserve(3 * text.count + text.nameBytes + slack)
        var split = WordSplit(text: text, output: output.base)
        if text.isASCII { split.writeASCII() } else { split.writeWords() }
        output.advance(to: split.end)
        text.steps = split.text.steps
    }

    private init(text: MaskText, output: UnsafeMutablePointer<UInt8>) {
        self.text = text
        self.output = output
    }

    /// Goes through the delimiters and masks by their bits and copies what lies between.
    ///
    /// Nearly without branches, since nobody can tell what comes next: every piece gets its space behind it, which an
    /// empty piece does not advance over.
    private mutating func writeASCII() {
        opnilog_bytes_lower(text.base, text.count)
        var piece = 0
        var done = 0
        for block in 0..<text.blocks {
            let words = text.words + block * MaskText.wordsPerBlock
            let kept = words[BitClass.kept.rawValue]
            let starts = words[BitClass.start.rawValue]
            var events = words[BitClass.dropped.rawValue] | kept | starts
            while events != 0 {
                let bit = UInt64(truncatingIfNeeded: events.trailingZeroBitCount)
                events &= events &- 1
                let index = block << 6 | Int(truncatingIfNeeded: bit)
                copy(from: done, to: index)
                if starts &>> bit & 1 != 0 {
                    writeName(at: index)
                    done = text.endOfMask(at: index)
                    continue
                }
                closePiece(from: piece)
                output[end] = text.base[index]
                output[end + 1] = UInt8(ascii: " ")
                end &+= Int(truncatingIfNeeded: kept &>> bit & 1) &* 2
                piece = end
                done = index &+ 1
            }
        }
        copy(from: done, to: text.count)
        closePiece(from: piece)
        end = max(end - 1, 0)
        text.steps &+= text.count
    }

    /// Puts a space behind the piece that starts at `piece`, or takes it back if it is to be dropped.
    @inline(__always)
    private mutating func closePiece(from piece: Int) {
        if end == piece &+ 1, output[piece] == UInt8(ascii: "\\") { end = piece }
        output[end] = UInt8(ascii: " ")
        end &+= end == piece ? 0 : 1
    }

    /// Copies by sixteen bytes: both buffers have room behind.
    @inline(__always)
    private mutating func copy(from start: Int, to stop: Int) {
        let length = stop &- start
        var offset = 0
        repeat {
            let part = UnsafeRawPointer(text.base + start + offset).loadUnaligned(as: SIMD16<UInt8>.self)
            UnsafeMutableRawPointer(output + end + offset).storeBytes(of: part, as: SIMD16<UInt8>.self)
            offset &+= 16
        } while offset < length
        end &+= length
    }

    @inline(__always)
    private mutating func writeName(at index: Int) {
        let entry = UnsafeRawPointer(names + Int(text[index]) * Mask.nameCapacity)
        let name = entry.loadUnaligned(as: SIMD32<UInt8>.self)
        UnsafeMutableRawPointer(output + end).storeBytes(of: name, as: SIMD32<UInt8>.self)
        end += Int(name[Mask.nameCapacity - 1])
    }

    private mutating func writeWords() {
        var index = 0
        while index < text.count {
            index = writePiece(from: index)
            guard index < text.count else { break }
            let delimiter = text[index]
            if delimiter == UInt8(ascii: ":") || delimiter == UInt8(ascii: "=") {
                startPiece()
                output[end] = delimiter
                end += 1
            }
            index += 1
        }
    }

    @inline(__always)
    private mutating func startPiece() {
        guard end > 0 else { return }
        output[end] = UInt8(ascii: " ")
        end += 1
    }

    /// Writes the piece that starts at `start`, unless it is to be dropped, and returns the delimiter's place behind
    /// it.
    private mutating func writePiece(from start: Int) -> Int {
        let before = end
        startPiece()
        let piece = end
        var index = start
        while index < text.count {
            let byte = text[index]
            if byte >= 0x80 {
                index += writeLowercase(at: index, pieceStart: start)
                continue
            }
            let classes = text.classes(at: index)
            if classes & ByteClasses.delimiter != 0 { break }
            if classes == 0, text.has(.start, at: index) {
                writeName(at: index)
                index = text.endOfMask(at: index)
                continue
            }
            output[end] = classes & ByteClasses.upper != 0 ? byte | 0x20 : byte
            end += 1
            index += 1
        }
        text.steps &+= index - start + 1
        let length = end - piece
        if length == 0 || (length == 1 && output[piece] == UInt8(ascii: "\\")) { end = before }
        return index
    }

    /// Writes the lower case of the character at `index` and returns the bytes that it has in the text.
    private mutating func writeLowercase(at index: Int, pieceStart: Int) -> Int {
        let (point, length) = text.point(at: index)
        if text.pointClasses(point) & UnicodeClasses.raised == 0 {
            for offset in 0..<length { output[end + offset] = text[index + offset] }
            end += length
        } else if point == UnicodeClasses.capitalSigma {
            write(isFinal(sigmaAt: index, pieceStart: pieceStart) ? 0x3C2 : 0x3C3)
        } else if point == UnicodeClasses.dottedCapitalI {
            write(0x69)
            write(0x307)
        } else {
            write(UnicodeClasses.lowercase(point))
        }
        return length
    }
}

extension WordSplit {
    /// Whether a cased letter stands before the sigma and none behind it, the ignorable between them passed over.
    ///
    /// Linear: a sigma is itself cased, so both walks end at the next one at the latest.
    private mutating func isFinal(sigmaAt index: Int, pieceStart: Int) -> Bool {
        var start = index
        var classes: PointClass = 0
        repeat {
            guard start > pieceStart else { return false }
            start = text.startOfCharacter(before: start, limit: pieceStart)
            classes = text.pointClasses(text.point(at: start).point)
        } while classes & UnicodeClasses.ignorable != 0
        text.steps &+= index - start
        guard classes & UnicodeClasses.cased != 0 else { return false }

        var end = index + 2
        defer { text.steps &+= end - index }
        while end < text.count, !text.isByte(ByteClasses.delimiter, at: end) {
            let (point, length) = text.point(at: end)
            classes = text.pointClasses(point)
            if classes & UnicodeClasses.ignorable == 0 { return classes & UnicodeClasses.cased == 0 }
            end += length
        }
        return true
    }

    private mutating func write(_ point: UInt32) {
        switch point {
        case ..<0x80:
            output[end] = UInt8(truncatingIfNeeded: point)
            end += 1
        case ..<0x800:
            output[end] = 0xC0 | UInt8(truncatingIfNeeded: point >> 6)
            output[end + 1] = continuation(point)
            end += 2
        case ..<0x1_0000:
            output[end] = 0xE0 | UInt8(truncatingIfNeeded: point >> 12)
            output[end + 1] = continuation(point >> 6)
            output[end + 2] = continuation(point)
            end += 3
        default:
            output[end] = 0xF0 | UInt8(truncatingIfNeeded: point >> 18)
            output[end + 1] = continuation(point >> 12)
            output[end + 2] = continuation(point >> 6)
            output[end + 3] = continuation(point)
            end += 4
        }
    }

    private func continuation(_ bits: UInt32) -> UInt8 { 0x80 | UInt8(truncatingIfNeeded: bits & 0x3F) }
}
