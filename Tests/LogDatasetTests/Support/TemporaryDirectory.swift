import Glibc

/// A folder of a test's own, removed with all it holds.
final class TemporaryDirectory: Sendable {
    let path: String

    init() {
        var template = Array("/tmp/opnilog-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { fatalError("no temporary folder: error \(errno)") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { remove(path) }

    var names: [String] { TemporaryDirectory.names(path) }

    /// The names in a folder inside; none if it is not there.
    func names(in folder: String) -> [String] { TemporaryDirectory.names("\(path)/\(folder)") }

    private static func names(_ path: String) -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    private func remove(_ folder: String) {
        for name in TemporaryDirectory.names(folder) where unlink("\(folder)/\(name)") != 0 {
            remove("\(folder)/\(name)")
        }
        rmdir(folder)
    }

    func file(_ name: String, _ bytes: some Sequence<UInt8>) -> String {
        let path = "\(path)/\(name)"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        defer { close(descriptor) }
        var bytes = Array(bytes)
        while !bytes.isEmpty {
            let count = write(descriptor, bytes, bytes.count)
            precondition(count > 0, "a test file could not be written")
            bytes.removeFirst(count)
        }
        return path
    }
}

/// The bytes of a whole file.
func fileBytes(_ path: String) -> [UInt8] {
    let descriptor = open(path, O_RDONLY)
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = read(descriptor, &buffer, buffer.count)
        if count <= 0 { return bytes }
        bytes.append(contentsOf: buffer[..<count])
    }
}
