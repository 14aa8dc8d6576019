import Glibc
import Testing

@testable import LogDataset

@Suite struct LineReaderTests {
    private func lines(_ bytes: [UInt8], blockSize: Int) throws -> [String] {
        let directory = TemporaryDirectory()
        let reader = LineReader(try ByteInput(path: directory.file("log", bytes)), blockSize: blockSize)
        var lines: [String] = []
        while let block = try reader.next() {
            block.forEachLine { lines.append(String(decoding: $0, as: UTF8.self)) }
        }
        return lines
    }

    @Test(arguments: [1, 2, 7, 64, 1 << 20])
    func linesDoNotDependOnTheBlockSize(blockSize: Int) throws {
        let text = "first\n\nthird with more\r\n" + String(repeating: "long", count: 300) + "\nno end"
        let expected = ["first", "", "third with more\r", String(repeating: "long", count: 300), "no end"]
        #expect(try lines(Array(text.utf8), blockSize: blockSize) == expected)
        #expect(try lines([0xEF, 0xBB, 0xBF] + Array(text.utf8), blockSize: blockSize) == expected)
    }

    /// A line of which each read brings little is not searched from its beginning for each: that would take minutes.
    @Test(.timeLimit(.minutes(30))) func aLongLineThroughAPipeIsSearchedOnce() throws {
        var ends: [CInt] = [0, 0]
        try #require(pipe(&ends) == 0)
        // Programs that other tests start must not keep the pipe open.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        // F_SETPIPE_SZ: a page of 4 KiB is the least that a pipe holds, and then all that a read brings.
        try #require(fcntl(ends[1], 1031, 4096) == 4096)
        let count = 24 << 20
        let lines = "{ head -c \(count) /dev/zero | tr '\\0' x; printf '\\nsecond\\n'; }"
        try #require(system("exec 3> /proc/\(getpid())/fd/\(ends[1]); \(lines) >&3 3>&- &") == 0)
        // The writer's end is now the only one, and its end that of the pipe.
        close(ends[1])
        let reader = LineReader(try ByteInput(path: "/proc/self/fd/\(ends[0])"))
        close(ends[0])
        var lengths: [Int] = []
        while let block = try reader.next() { block.forEachLine { lengths.append($0.count) } }
        #expect(lengths == [count, 6])
    }

    @Test func anEmptyFileHasNoLineAndAFinalLineEndAddsNone() throws {
        #expect(try lines([], blockSize: 8) == [])
        #expect(try lines([0xEF, 0xBB, 0xBF], blockSize: 8) == [])
        #expect(try lines(Array("\n".utf8), blockSize: 8) == [""])
        #expect(try lines(Array("a\nb\n".utf8), blockSize: 8) == ["a", "b"])
    }
}

@Suite struct PackedFileTests {
    private let text = Array((0..<20_000).map { "line number \($0)\n" }.joined().utf8)

    private func readAll(_ bytes: [UInt8]) throws -> [UInt8] {
        let directory = TemporaryDirectory()
        let input = try ByteInput(path: directory.file("file", bytes))
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 10_000)
        while true {
            let count = try buffer.withUnsafeMutableBytes { try input.read(into: $0) }
            if count == 0 { return all }
            all += buffer[..<count]
        }
    }

    @Test func plainBytesComeOutAsTheyAre() throws {
        #expect(try readAll(text) == text)
        #expect(try readAll([0x1F]) == [0x1F])
        #expect(try readAll([]) == [])
    }

    @Test(arguments: ["gzip", "zstd"])
    func packedBytesAreUnpackedAlsoOverSeveralMembers(tool: String) throws {
        let once = try packed(by: tool, text)
        #expect(try readAll(once) == text)
        #expect(try readAll(once + once) == text + text)
    }

    /// As gzip(1) does: tapes and devices fill up their blocks.
    @Test func zeroBytesBehindGzipAreNothing() throws {
        let whole = try packed(by: "gzip", text)
        for count in [1, 512, 300_000] {
            #expect(try readAll(whole + whole + [UInt8](repeating: 0, count: count)) == text + text)
        }
        for count in [1, 512, 300_000] {
            let padded = whole + [UInt8](repeating: 0, count: count)
            for rest in [[0x78], whole] {
                let error = #expect(throws: DatasetError.self) { _ = try readAll(padded + rest + [0]) }
                #expect(error?.code == .corruptFile)
                let fault = "is damaged at byte \(padded.count): something follows the zero bytes behind the compressed"
                #expect(error?.message.contains(fault) == true)
            }
        }
        // Neither other bytes nor what stands in the place of the end.
        for bytes in [whole + [0x78], Array(whole.dropLast(8)) + [UInt8](repeating: 0, count: 20)] {
            #expect(throws: DatasetError.self) { _ = try readAll(bytes) }
        }
    }

    @Test(arguments: ["gzip", "zstd"])
    func aTruncatedFileIsNamedWithItsOffset(tool: String) throws {
        let whole = try packed(by: tool, text)
        for cut in [whole.count - 1, whole.count / 2, 20] {
            let error = #expect(throws: DatasetError.self) { try readAll(Array(whole[..<cut])) }
            #expect(error?.code == .corruptFile)
            #expect(
                error?.message.contains("is damaged at byte \(cut): the compressed file ends in the middle") == true)
        }
    }

    @Test(arguments: ["gzip", "zstd"])
    func aDamagedFileIsRefused(tool: String) throws {
        var damaged = try packed(by: tool, text)
        damaged[damaged.count / 2] ^= 0xFF
        let error = #expect(throws: DatasetError.self) { try readAll(damaged) }
        #expect(error?.code == .corruptFile)
        let offset = error?.message.firstMatch(of: /at byte ([0-9]+):/).flatMap { Int($0.1) }
        // Where the damage is noticed: not before it, and not beyond the block it lies in.
        #expect(offset.map { damaged.count / 2 - 20 <= $0 && $0 <= damaged.count } == true, "\(error?.message ?? "")")
    }

    /// A byte of the last member is damaged: all that stands before that member is there.
    @Test(arguments: ["gzip", "zstd"])
    func whatStandsBeforeTheDamageComesOut(tool: String) throws {
        let whole = try packed(by: tool, text)
        var damaged = whole + whole
        for place in 0..<8 { damaged[whole.count + 40 + place] ^= 0xFF }
        let directory = TemporaryDirectory()
        let input = try ByteInput(path: directory.file("file", damaged))
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var error: DatasetError?
        while error == nil {
            do throws(DatasetError) {
                let count = try buffer.withUnsafeMutableBytes { bytes in
                    Result { () throws(DatasetError) in try input.read(into: bytes) }
                }.get()
                all += buffer[..<count]
            } catch let fault {
                error = fault
            }
        }
        #expect(all.starts(with: text) && all.count < 2 * text.count)
        #expect(error?.code == .corruptFile)
    }

    @Test func aStreamThatBeginsWithAFrameOfNothingIsStillPacked() throws {
        let skippable: [UInt8] = [0x50, 0x2A, 0x4D, 0x18, 2, 0, 0, 0, 9, 9]
        #expect(try readAll(skippable + packed(by: "zstd", text)) == text)
    }

    @Test func aFolderAndAMissingFileAreRefused() {
        #expect(throws: DatasetError.self) { try ByteInput(path: "/tmp") }
        let error = #expect(throws: DatasetError.self) { try ByteInput(path: "/nowhere/log") }
        #expect(
            error?.message == "/nowhere/log cannot be read (No such file or directory); check the path and its rights")
    }
}

@Suite struct LogFileReaderTests {
    private struct Read: Equatable {
        var messages: [String] = []
        var hours: [Hour] = []
        var tally = PageTally()
    }

    private func read(_ text: String, _ format: InputFormat = .auto, field: String = "log") throws -> Read {
        let directory = TemporaryDirectory()
        let reader = try LogFileReader(path: directory.file("log", text.utf8), format: format, field: field)
        var read = Read()
        while let page = try reader.nextPage() {
            let tally = page.forEachMessage { message, hour in
                read.messages.append(String(decoding: message, as: UTF8.self))
                read.hours.append(hour)
            }
            read.tally.badLines += tally.badLines
            read.tally.documentsWithoutField += tally.documentsWithoutField
        }
        return read
    }

    @Test func objectsAreToldFromText() throws {
        #expect(try read("\n {\"log\":\"a\"}\n").messages == ["a"])
        #expect(try read("plain {\"log\":\"a\"}\n").messages == ["plain {\"log\":\"a\"}"])
        #expect(try read("{\"log\":\"a\"}\n", .text).messages == ["{\"log\":\"a\"}"])
    }

    @Test func aByteOrderMarkIsPassedOverAtTheBeginningOnly() throws {
        for format in [InputFormat.auto, .ndjson] {
            #expect(try read("\u{FEFF}\n{\"log\":\"a\"}\n", format) == read("\n{\"log\":\"a\"}\n", format))
        }
        #expect(try read("\u{FEFF}a\n\u{FEFF}b\n").messages == ["a", "\u{FEFF}b"])
        #expect(try read("\u{FEFF}").messages == [])
    }

    private static let tar: [UInt8] = Array("a.log".utf8) + [UInt8](repeating: 0, count: 252) + Array("ustar".utf8)
    private static let table: [UInt8] = Array("OPNITBL\n".utf8) + [1, 0, 0, 0]
    private static let lateZero: [UInt8] = [UInt8](repeating: 0x78, count: 511) + [0]

    @Test(
        arguments: [
            ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], "xz data, which is not read as logs; decompress it (xz -d)"),
            ([0x42, 0x5A, 0x68, 0x39, 0x31, 0x41, 0x59, 0x26, 0x53, 0x59], "bzip2 data"),
            ([0x04, 0x22, 0x4D, 0x18], "lz4 data"),
            ([0x50, 0x4B, 0x03, 0x04], "a zip archive"), ([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], "a 7z archive"),
            ([0xFF, 0xFE], "UTF-16 text"), ([0xFE, 0xFF], "UTF-16 text"), (LogFileReaderTests.tar, "a tar archive"),
            ([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0], "no text, for there are zero bytes"),
            (LogFileReaderTests.table, "no text, for there are zero bytes at its beginning; leave"),
            (LogFileReaderTests.lateZero, "no text"),
        ] as [([UInt8], String)])
    func whatIsNoTextIsRefusedPackedOrNot(_ bytes: [UInt8], _ kind: String) throws {
        let directory = TemporaryDirectory()
        let whole = bytes + Array("\nsome line\n".utf8)
        for content in [bytes, whole, try packed(by: "gzip", whole)] {
            let path = directory.file("log", content)
            let reader = try LogFileReader(path: path)
            let error = #expect(throws: DatasetError.self) { try reader.nextPage() }
            #expect(error?.code == .corruptFile)
            #expect(error?.message.hasPrefix("\(path) is \(kind)") == true, "\(error?.message ?? "")")
            #expect(try reader.nextPage()?.bytes == nil)
        }
    }

    @Test(arguments: [
        "BZh9 is a name", "BZh91AY", "PK", "7z", "ustar", String(repeating: "x", count: 257) + "ustar",
        String(repeating: "\0", count: 255) + "ustar", String(repeating: "x", count: 600) + "\0",
    ])
    func whatOnlyLooksLikeAnotherKindIsText(line: String) throws {
        #expect(try read("\(line)\nsecond\n").messages == [line, "second"])
        #expect(try read(line).messages == [line])
    }

    @Test(arguments: [("a\nb\nc", 3), ("\n\n\n", 3), ("{\"log\":\"a\"}\n\n{\"log\":\"b\"}\n", 3), ("a", 1)])
    func pagesTellHowManyMessagesTheyHoldAtMost(_ text: String, _ most: Int) throws {
        let directory = TemporaryDirectory()
        let reader = try LogFileReader(path: directory.file("log", text.utf8))
        var told = 0
        while let page = try reader.nextPage() { told += page.mostMessages }
        #expect(told == most)
        #expect(MessagePage(["a", "b"]).mostMessages == 2)
    }

    /// More blank lines than a block holds stand before what decides.
    @Test func blankLinesBeforeTheFirstLogDecideNothing() throws {
        let blanks = String(repeating: "\n", count: 3 << 20)
        #expect(try read(blanks + "{\"log\":\"a\"}\n").messages == ["a"])
        let text = try read(blanks + "a\n").messages
        #expect(text.count == (3 << 20) + 1 && text.last == "a")
        #expect(try read("\n \n").messages == ["", " "])
    }

    /// There may be gigabytes of them.
    @Test func blankLinesThatWaitTakeNextToNoMemory() throws {
        var waiting = WaitingBlocks()
        let lines = [String(repeating: "\n", count: 1 << 20), String(repeating: " \r\n\t\n", count: 1 << 18), "  "]
        for text in lines {
            let block = LineBlock(capacity: text.utf8.count)
            block.append(Array(text.utf8))
            waiting.append(block)
        }
        #expect(waiting.bytes < 20_000)
        for text in lines {
            let block = waiting.popFirst()
            withExtendedLifetime(block) { #expect(block?.bytes.elementsEqual(text.utf8) == true) }
        }
        #expect(waiting.popFirst() == nil)
        let both = try read(String(repeating: " \n\n", count: 1 << 20) + "a\nb").messages
        #expect(both.count == (2 << 20) + 2 && both.prefix(3) == [" ", "", " "] && both.suffix(3) == ["", "a", "b"])
    }

    @Test func hoursComeFromTheTimeFieldAndAreOptional() throws {
        let read = try read(
            """
            {"log":"a","time":"1970-01-01T01:30:00Z"}
            {"log":"b","time":7200000}
            {"log":"c","time":""}
            {"log":"d"}
            """)
        #expect(read.messages == ["a", "b", "c", "d"])
        #expect(read.hours == [Hour(number: 1), Hour(number: 2), .none, .none])
    }

    @Test func whatIsNoMessageIsCounted() throws {
        let read = try read(
            """
            {"log":"good"}
            {"other":"x"}
            {"log":17}
            no json
            {"log":"cut

            {"log":["two","parts"]}
            """)
        #expect(read.messages == ["good", "two parts"])
        #expect(read.tally.documentsWithoutField == 2)
        #expect(read.tally.badLines == 2)
    }

    /// Standard input may be a file that is named as well, if nothing of it has been read.
    @Test func standardInputIsKnownByTheFileThatItIs() throws {
        let directory = TemporaryDirectory()
        let path = directory.file("a.log", "x\n".utf8)
        let descriptor = open(path, O_RDONLY)
        defer { close(descriptor) }
        #expect(FileIdentity(ofInput: descriptor) == ListedFile(path).identity)
        #expect(FileIdentity(ofInput: descriptor) != nil)
        lseek(descriptor, 1, SEEK_SET)
        #expect(FileIdentity(ofInput: descriptor) == nil)
        var ends: [CInt] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        #expect(FileIdentity(ofInput: ends[0]) == nil)
        #expect(ListedFile("-").windowName == "-")
    }

    @Test func patternsNameFilesAndAMissingOneIsSaid() async throws {
        let directory = TemporaryDirectory()
        let paths = ["a.log", "b.log"].map { directory.file($0, "x\n".utf8) }
        func named(_ pattern: String) async throws -> [String] {
            try await FileLogSource(.init(paths: [pattern])).paths()
        }
        #expect(try await named("\(directory.path)/*.log") == paths)
        #expect(try await named("-") == ["-"])
        let error = await #expect(throws: DatasetError.self) { try await named("\(directory.path)/*.txt") }
        #expect(error?.message.hasPrefix("no file matches \(directory.path)/*.txt") == true)
    }
}
