import Glibc
import Testing

@testable import ProcessLimits

@Suite("Cores that a process may use")
struct CoreCountTests {
    /// What the quota comes to of a control group with these files.
    private func quota(files: [String: String]) throws -> Int? {
        var template = Array("/tmp/opnilog-limits-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        let root = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        var files = files
        files["membership"] = "0::/\n"
        defer {
            for name in files.keys { unlink("\(root)/\(name)") }
            rmdir(root)
        }
        for (name, text) in files {
            let file = try #require(fopen("\(root)/\(name)", "w"))
            fputs(text, file)
            fclose(file)
        }
        return CoreCount.quotaCores(root: root, membership: "\(root)/membership")
    }

    @Test("A quota is rounded up to whole cores")
    func quotas() throws {
        #expect(try quota(files: ["cpu.max": "150000 100000\n"]) == 2)
        #expect(try quota(files: ["cpu.max": "50000 100000\n"]) == 1)
        #expect(try quota(files: ["cpu.max": "max 100000\n"]) == nil)
        #expect(try quota(files: [:]) == nil)
    }

    @Test("Lists of cores are read")
    func lists() throws {
        #expect(CoreCount.numbers(ofList: "\t0-3,8\n") == [0, 1, 2, 3, 8])
        #expect(CoreCount.numbers(ofList: "5") == [5])
        #expect(CoreCount.numbers(ofList: "") == nil)
        let own = try #require(CoreCount.cpuSet)
        #expect((1...own.count).contains(CoreCount.available))
    }
}
