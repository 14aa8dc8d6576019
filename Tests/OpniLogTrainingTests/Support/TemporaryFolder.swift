import Glibc

/// A folder that goes when the value does.
final class TemporaryFolder: Sendable {
    let path: String

    init() {
        var template = Array("/tmp/opnilog-training-XXXXXX".utf8CString)
        precondition(mkdtemp(&template) != nil, "no temporary folder")
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        for name in names { unlink("\(path)/\(name)") }
        rmdir(path)
    }

    /// Names of the files in it.
    var names: [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    func write(_ bytes: [UInt8], to name: String) { bytes.withUnsafeBytes { write($0, to: name) } }

    func write(_ bytes: UnsafeRawBufferPointer, to name: String) {
        guard let file = fopen("\(path)/\(name)", "w") else { return }
        fwrite(bytes.baseAddress, 1, bytes.count, file)
        fclose(file)
    }

    func read(_ name: String) -> [UInt8] { readFile("\(path)/\(name)") }
}

/// A file's bytes; none of one that cannot be read.
func readFile(_ path: String) -> [UInt8] {
    guard let file = fopen(path, "r") else { return [] }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = fread(&block, 1, block.count, file)
        if count == 0 { return bytes }
        bytes += block[..<count]
    }
}
