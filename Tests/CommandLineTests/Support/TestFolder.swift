import Glibc
import Testing

/// A folder of one test, removed with this value.
final class TestFolder: Sendable {
    let root: String

    init() {
        var template = Array((TestFiles.variable("TMPDIR") ?? "/tmp").utf8CString.dropLast())
        template += Array("/opnilog-cli-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { fatalError("no folder for tests: error \(errno)") }
        root = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { TestFiles.remove(root) }

    func path(_ name: String) -> String { root + "/" + name }

    func write(_ name: String, _ text: String) throws { try write(name, Array(text.utf8)) }

    func write(_ name: String, _ bytes: [UInt8]) throws {
        let file = try #require(fopen(path(name), "w"), "\(path(name)) cannot be written")
        defer { fclose(file) }
        try #require(fwrite(bytes, 1, bytes.count, file) == bytes.count)
    }

    func text(_ name: String) -> String { TestFiles.text(path(name)) ?? "" }

    func bytes(_ name: String) -> [UInt8] { TestFiles.bytes(path(name)) ?? [] }

    func exists(_ name: String) -> Bool { access(path(name), F_OK) == 0 }

    /// Permission bits, or nil where there is no such file.
    func mode(_ name: String) -> mode_t? {
        var status = stat()
        return stat(path(name), &status) == 0 ? status.st_mode & 0o777 : nil
    }
}

/// Small uses of the file system.
enum TestFiles {
    static func text(_ path: String) -> String? { bytes(path).map { String(decoding: $0, as: UTF8.self) } }

    static func bytes(_ path: String) -> [UInt8]? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&chunk, 1, chunk.count, file), count > 0 { bytes += chunk[..<count] }
        return bytes
    }

    static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    /// Where a symbolic link leads.
    static func link(_ path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink(path, &buffer, buffer.count)
        return count > 0 ? String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
    }

    /// The names in a folder, sorted.
    static func names(_ folder: String) -> [String] {
        guard let entries = opendir(folder) else { return [] }
        defer { closedir(entries) }
        var names: [String] = []
        while let entry = readdir(entries) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    static func remove(_ folder: String) {
        for name in names(folder) where unlink(folder + "/" + name) != 0 { remove(folder + "/" + name) }
        rmdir(folder)
    }
}
