import Glibc

/// Where `libopnilog_torch.so` is looked for.
enum BridgeSearch {
    static let fileName = "libopnilog_torch.so"

    /// The path given; else that of `OPNILOG_TORCH`; else one beside the program; else one in the folder `bridge` of a
    /// `.build` above the program, where `make libtorch` puts it.
    ///
    /// - Parameters:
    ///   - given: A path that is taken as it is, there or not.
    ///   - environment: The value of `OPNILOG_TORCH`.
    ///   - program: The path of the running program.
    /// - Throws: `noBridge`.
    static func find(
        given: String?,
        environment: String? = environmentPath,
        program: String? = programPath
    ) throws(TrainingError) -> String {
        // A name alone would be looked for elsewhere than in this folder.
        if let path = given ?? environment { return path.contains("/") ? path : "./" + path }
        for path in candidates(besides: program ?? "") where access(path, R_OK) == 0 { return path }
        throw TrainingError(
            .noBridge,
            "There is no libtorch for this program: run `make libtorch`, or give the path of \(fileName) in OPNILOG_TORCH."
        )
    }

    static func candidates(besides program: String) -> [String] {
        var folder = program[...]
        var candidates: [String] = []
        while let slash = folder.lastIndex(of: "/") {
            folder = folder[..<slash]
            if candidates.isEmpty { candidates.append("\(folder)/\(fileName)") }
            if folder.hasSuffix("/.build") { candidates.append("\(folder)/bridge/\(fileName)") }
            // A package inside a checkout of this one (Examples) has a .build of its own.
            candidates.append("\(folder)/.build/bridge/\(fileName)")
        }
        return candidates
    }

    private static var environmentPath: String? {
        guard let value = getenv("OPNILOG_TORCH"), value.pointee != 0 else { return nil }
        return String(cString: value)
    }

    private static var programPath: String? {
        guard let path = realpath("/proc/self/exe", nil) else { return nil }
        defer { free(path) }
        return String(cString: path)
    }
}
