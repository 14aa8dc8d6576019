import Glibc

@main
struct OpnilogTrain {
    static func main() async {
        StandardStreams.fill()
        // Whatever a run writes may hold words of people's logs.
        umask(0o077)
        _ = RunClock.processStart
        let code = await Program.run(Array(CommandLine.arguments.dropFirst()), environment: ProcessEnvironment.all())
        exit(code.rawValue)
    }
}

enum StandardStreams {
    /// Puts something in the place of those that are closed: the next file that is opened would become one of them, and
    /// what is said would be written into it. Nothing can be written to what stands there then, as to a closed one.
    static func fill() {
        for stream in STDIN_FILENO...STDERR_FILENO where fcntl(stream, F_GETFD) < 0 { _ = open("/dev/null", O_RDONLY) }
    }
}

/// The environment of this process.
enum ProcessEnvironment {
    static func all() -> [String: String] {
        var variables: [String: String] = [:]
        var entry: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> = environ
        while let text = entry.pointee {
            let parts = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
            entry += 1
        }
        return variables
    }
}
