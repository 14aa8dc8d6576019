import Glibc
import Testing

/// Runs a system tool over a file and returns what it wrote: the packed bytes.
func packed(by tool: String, _ bytes: [UInt8]) throws -> [UInt8] {
    let directory = TemporaryDirectory()
    let input = directory.file("input", bytes)
    let output = "\(directory.path)/output"
    try #require(system("\(tool) -c \(input) > \(output)") == 0, "\(tool) is needed by this test")
    return fileBytes(output)
}
