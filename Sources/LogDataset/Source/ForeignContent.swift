/// What is no text, told by the first bytes of what is unpacked: read as lines it would be trained on.
struct ForeignContent {
    /// Bytes by which everything is told: a tar archive has its mark only behind a name and numbers, and a binary file
    /// has a zero byte among so many.
    static let bytesNeeded = 512
    private static let endOfTarMark = 262

    /// What the file is and what to do, as it follows the file's name: "is xz data, which …".
    let fault: String

    private static let beginnings: [(bytes: [UInt8], content: ForeignContent)] = [
        ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], ForeignContent("xz data", "decompress it (xz -d)")),
        ([0x04, 0x22, 0x4D, 0x18], ForeignContent("lz4 data", "decompress it (lz4 -d)")),
        ([0x50, 0x4B, 0x03, 0x04], ForeignContent("a zip archive", "unpack it (unzip)")),
        ([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], ForeignContent("a 7z archive", "unpack it (7z x)")),
        ([0xFF, 0xFE], ForeignContent("UTF-16 text", "convert it to UTF-8 (iconv -f UTF-16 -t UTF-8)")),
        ([0xFE, 0xFF], ForeignContent("UTF-16 text", "convert it to UTF-8 (iconv -f UTF-16 -t UTF-8)")),
    ]

    private init(_ kind: String, _ remedy: String) {
        fault = "is \(kind), which is not read as logs; \(remedy) and give what comes out"
    }

    /// What is of no kind that is known here: a journal of systemd, wtmp, a picture, a program.
    private init(binary: Void) {
        fault = "is no text, for there are zero bytes at its beginning; leave it out, or give what it holds as text"
    }

    /// Nil for what may well be text.
    init?(firstBytes bytes: UnsafeRawBufferPointer) {
        if let known = ForeignContent.beginnings.first(where: { bytes.starts(with: $0.bytes) }) {
            self = known.content
        } else if ForeignContent.isBzip2(bytes) {
            self.init("bzip2 data", "decompress it (bzip2 -d)")
        } else if ForeignContent.isTar(bytes) {
            self.init("a tar archive", "unpack it (tar -x)")
        } else if bytes.prefix(ForeignContent.bytesNeeded).drop(while: { $0 == 0 }).contains(0) {
            // Zero bytes alone in front are what is left of a log that was cut while its program kept its place in it.
            self.init(binary: ())
        } else {
            return nil
        }
    }

    /// `BZh`, the size of its blocks as a digit, and the mark of the first block.
    private static func isBzip2(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.count >= 10 && bytes.starts(with: "BZh".utf8) && (0x31...0x39).contains(bytes[3])
            && bytes[4..<10].elementsEqual([0x31, 0x41, 0x59, 0x26, 0x53, 0x59])
    }

    /// The header's mark. A long line may have the word there, but no zero byte before it.
    private static func isTar(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.count >= endOfTarMark && bytes[257..<endOfTarMark].elementsEqual("ustar".utf8)
            && bytes[..<257].contains(0)
    }
}
