import Testing

@testable import LogDataset

/// Counts by (hour, text) as a dictionary, the judge of the tables.
private struct Counted: Hashable {
    let hour: Hour
    let text: String
}

extension CountTable {
    func add(_ text: String, hour: Hour, count: UInt64 = 1) {
        var text = text
        _ = text.withUTF8 { add(UnsafeRawBufferPointer($0), hour: hour, count: count) }
    }
}

private func text(_ record: TemplateRecord) -> String { String(decoding: record.masked, as: UTF8.self) }

@Suite struct TableTests {
    private func randomLines(_ count: Int, seed: UInt64) -> [Counted] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in
            // Squares of a uniform number make few texts frequent and many rare.
            let number = Int.random(in: 0..<60, using: &generator)
            let text = number == 0 ? "" : "template \(number * number) \(String(repeating: "x", count: number))"
            return Counted(hour: Hour(number: Int32.random(in: 0..<4, using: &generator)), text: text)
        }
    }

    @Test func aTableCountsAsADictionaryDoesAndSortsByHourHashAndBytes() throws {
        let table = CountTable()
        var expected: [Counted: UInt64] = [:]
        for line in randomLines(20_000, seed: 1) {
            table.add(line.text, hour: line.hour)
            expected[line, default: 0] += 1
        }
        var found: [Counted: UInt64] = [:]
        var last: (Hour, UInt128)?
        table.forEachSorted { hour, record in
            if let last { #expect(last < (hour, record.hash)) }
            last = (hour, record.hash)
            found[Counted(hour: hour, text: text(record))] = record.count
        }
        #expect(found == expected)
        #expect(table.count == expected.count)
    }

    @Test func aTableGrows() {
        let table = CountTable()
        let empty = table.bytes
        for index in 0..<10_000 { table.add("template number \(index)", hour: .none) }
        #expect(table.count == 10_000)
        #expect(table.bytes > 10 * empty / 2)
    }

    @Test func mergingRunsSumsEqualTextsAndKeepsHeldOutHoursApart() throws {
        let directory = TemporaryDirectory()
        let heldOutHour = Hour(number: 3)
        var expected: [String: (UInt64, UInt64)] = [:]
        var inputs: [Merge.Input] = []
        for part in 0..<5 {
            let table = CountTable()
            for line in randomLines(3_000, seed: UInt64(part)) {
                table.add(line.text, hour: line.hour)
                expected[line.text, default: (0, 0)].0 += 1
                if line.hour == heldOutHour { expected[line.text, default: (0, 0)].1 += 1 }
            }
            let run = try table.spill(to: "\(directory.path)/\(part).run")
            inputs += run.segments.map {
                Merge.Input(run: run, segment: $0, isHeldOut: $0.hour == heldOutHour)
            }
        }
        var merge = try Merge(inputs)
        var last: UInt128?
        var count = 0
        try merge.forEach { record in
            if let last { #expect(last < record.hash) }
            last = record.hash
            count += 1
            #expect(expected[text(record)]?.0 == record.count)
            #expect(expected[text(record)]?.1 == record.heldOut)
        }
        #expect(count == expected.count)
    }

    @Test func aTextLargerThanABlockSurvivesARun() throws {
        let directory = TemporaryDirectory()
        let table = CountTable()
        let long = String(repeating: "long ", count: 100_000)
        table.add(long, hour: .none)
        table.add("short", hour: .none, count: 7)
        let run = try table.spill(to: "\(directory.path)/long.run")
        var found: [String: UInt64] = [:]
        var merge = try Merge(run.segments.map { Merge.Input(run: run, segment: $0, isHeldOut: false) })
        try merge.forEach { found[text($0)] = $0.count }
        #expect(found == [long: 1, "short": 7])
    }

    @Test func aRunThatIsKeptStaysAndOneThatIsReleasedGoes() throws {
        let directory = TemporaryDirectory()
        let table = CountTable()
        table.add("text", hour: .none)
        var run: Run? = try table.spill(to: "\(directory.path)/a.run")
        try run?.keep()
        run = nil
        #expect(directory.names == ["a.run"])
        run = try table.spill(to: "\(directory.path)/a.run")
        try run?.keep()
        run?.release()
        run = nil
        #expect(directory.names == [])
    }

    @Test func everyDamagedByteOfARunIsFound() throws {
        let directory = TemporaryDirectory()
        let table = CountTable()
        for line in randomLines(200, seed: 4) { table.add(line.text, hour: line.hour) }
        let run = try table.spill(to: "\(directory.path)/a.run")
        try run.verify()
        let bytes = fileBytes(run.path)
        for index in stride(from: 0, to: bytes.count, by: 7) {
            var damaged = bytes
            damaged[index] ^= 0x10
            _ = directory.file("a.run", damaged)
            #expect(throws: DatasetError.self, "byte \(index)") { try run.verify() }
        }
        for count in [0, 11, bytes.count - 1] {
            _ = directory.file("a.run", bytes[..<count])
            #expect(throws: DatasetError.self) { try run.verify() }
        }
        _ = directory.file("a.run", bytes + [0])
        let error = #expect(throws: DatasetError.self) { try run.verify() }
        #expect(error?.message.contains("a.run is damaged at byte \(bytes.count): its length is wrong") == true)
        _ = directory.file("a.run", bytes)
        try run.verify()
    }

    @Test func aRunIsRemovedWhenNobodyNeedsIt() throws {
        let directory = TemporaryDirectory()
        let table = CountTable()
        table.add("text", hour: .none)
        var run: Run? = try table.spill(to: "\(directory.path)/a.run")
        #expect(directory.names == ["a.run"] && run != nil)
        run = nil
        #expect(directory.names == [])
    }
}
