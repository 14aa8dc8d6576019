import Testing

@testable import LogDataset

@Suite struct OpenScrollsTests {
    private let directory = TemporaryDirectory()
    private var file: String { "\(directory.path)/\(OpenScrolls.fileName)" }

    /// Does something as a process that is killed afterwards: what its end would do to the file is undone.
    private func killed(_ body: (OpenScrolls) -> Void) throws {
        var scrolls: OpenScrolls? = try OpenScrolls(in: directory.path)
        if let scrolls { body(scrolls) }
        let bytes = fileBytes(file)
        scrolls = nil
        _ = directory.file(OpenScrolls.fileName, bytes)
    }

    @Test func whatAKilledRunLeftIsKnownToTheNext() throws {
        try killed { scrolls in
            #expect(scrolls.left.isEmpty)
            scrolls.opened("a", endpoint: "http://n1:9200")
            scrolls.opened("b", endpoint: "http://n2:9200")
            scrolls.opened("c", endpoint: "http://n1:9200")
            scrolls.cleared("b")
            scrolls.cleared("unknown")
        }
        let left: [OpenScrolls.Scroll] = [
            .init(id: "a", endpoint: "http://n1:9200"), .init(id: "c", endpoint: "http://n1:9200"),
        ]
        try killed { scrolls in
            #expect(scrolls.left == left)
            scrolls.cleared("c")
            scrolls.opened("d", endpoint: "http://n3:9200")
        }
        let ids = try OpenScrolls(in: directory.path).left.map(\.id)
        #expect(ids == ["a", "d"])
    }

    @Test func nothingIsLeftWhenEverythingIsCleared() throws {
        try killed { $0.opened("a", endpoint: "http://n1:9200") }
        var scrolls: OpenScrolls? = try OpenScrolls(in: directory.path)
        for scroll in scrolls?.left ?? [] { scrolls?.cleared(scroll.id) }
        #expect(directory.names == [OpenScrolls.fileName])
        scrolls = nil
        #expect(directory.names == [])
    }

    @Test func aFileCutOffAtAnyByteNamesOnlyWholeScrolls() throws {
        try killed { scrolls in
            scrolls.opened("first", endpoint: "http://n1:9200")
            scrolls.opened("second", endpoint: "http://n2:9200")
        }
        let bytes = fileBytes(file)
        for count in 0..<bytes.count {
            let open = OpenScrolls.open(after: Array(bytes[..<count]))
            #expect(open.isEmpty || open == ["first": "http://n1:9200"], "\(count) bytes")
        }
        #expect(OpenScrolls.open(after: bytes).count == 2)
    }

    @Test func theFileStaysSmallHoweverManyScrollsComeAndGo() throws {
        try killed { scrolls in
            let long = String(repeating: "x", count: 500)
            for number in 0..<1_000 {
                scrolls.opened("\(long)\(number)", endpoint: "http://n1:9200")
                if number >= 3 { scrolls.cleared("\(long)\(number - 3)") }
                #expect(fileBytes(file).count <= OpenScrolls.limit)
            }
        }
        let numbers = try OpenScrolls(in: directory.path).left.map { $0.id.drop { $0 == "x" } }
        #expect(numbers == ["997", "998", "999"])
    }

    @Test func whatDoesNotFitIsLeftOut() throws {
        try killed { scrolls in
            for number in 0..<100 { scrolls.opened("\(String(repeating: "x", count: 1_000))\(number)", endpoint: "h") }
        }
        #expect(fileBytes(file).count <= OpenScrolls.limit)
        let count = try OpenScrolls(in: directory.path).left.count
        #expect((40...48).contains(count))
    }

    @Test func itIsForItsOwnerOnlyAndHoldsNoLineBreaks() throws {
        try killed { scrolls in
            scrolls.opened("a\n- b", endpoint: "http://n1:9200")
            scrolls.opened("b", endpoint: "http://n1:9200")
        }
        #expect(String(decoding: fileBytes(file), as: UTF8.self) == "+ http://n1:9200 b\n")
    }
}
