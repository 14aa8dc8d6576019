import Glibc

@main
struct OpnilogTrain {
    static func main() async {
        // Whatever a run writes may hold words of people's logs.
        umask(0o077)
        _ = RunClock.processStart
        let code = await Program.run(Array(CommandLine.arguments.dropFirst()), environment: ProcessEnvironment.all())
        exit(code.rawValue)
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
