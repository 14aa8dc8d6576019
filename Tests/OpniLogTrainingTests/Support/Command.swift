import Glibc

/// Runs a command line; its standard output and exit status.
func run(_ command: String) -> (output: String, status: Int32) {
    guard let pipe = popen(command, "r") else { return ("", -1) }
    var output: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 1 << 12)
    while true {
        let count = fread(&block, 1, block.count, pipe)
        if count == 0 { break }
        output += block[..<count]
    }
    return (String(decoding: output, as: UTF8.self), pclose(pipe))
}
