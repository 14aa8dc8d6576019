import Glibc
import Testing

/// What a finished run of the built program left.
struct ProgramRun: Sendable {
    let code: Int32
    let output: String
    let errors: String

    /// The program as SwiftPM built it, beside this test bundle.
    static let program: String = {
        let own = TestFiles.link("/proc/self/exe") ?? CommandLine.arguments[0]
        return own.prefix(upTo: own.lastIndex(of: "/") ?? own.startIndex) + "/opnilog-train"
    }()

    /// Runs the program to its end.
    ///
    /// - Parameters:
    ///   - environment: the whole environment; nothing is inherited but what loading needs.
    ///   - wrapper: a program and its first arguments, which runs ours.
    static func of(
        _ arguments: [String], environment: [String: String] = [:], input: [UInt8] = [], wrapper: [String] = []
    ) async throws -> ProgramRun {
        let folder = TestFolder()
        try folder.write("in", input)
        let child = try ChildProcess(
            arguments, environment: environment, input: folder.path("in"), output: folder.path("out"),
            errors: folder.path("err"), wrapper: wrapper)
        let code = await child.wait()
        return ProgramRun(code: code, output: folder.text("out"), errors: folder.text("err"))
    }
}

/// A running program whose standard streams are files.
struct ChildProcess: Sendable {
    let identifier: pid_t

    /// - Parameter wrapper: a program and its first arguments, which runs ours; nil: none.
    init(
        _ arguments: [String], environment: [String: String], input: String, output: String, errors: String,
        wrapper: [String] = []
    ) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        var variables = environment
        let search = "LD_LIBRARY_PATH"
        if variables[search] == nil, let path = TestFiles.variable(search) { variables[search] = path }
        var identifier: pid_t = 0
        let program = wrapper.first ?? ProgramRun.program
        let status = withCStrings(wrapper + [ProgramRun.program] + arguments) { arguments in
            withCStrings(variables.map { "\($0.key)=\($0.value)" }) { variables in
                posix_spawn(&identifier, program, &actions, nil, arguments, variables)
            }
        }
        try #require(status == 0, "\(ProgramRun.program) cannot be started: error \(status)")
        self.identifier = identifier
    }

    func signal(_ number: Int32) { kill(identifier, number) }

    /// The exit code, or 128 + the number of the signal that ended the program.
    func wait() async -> Int32 {
        await TestThread.run { [identifier] in
            var status: Int32 = 0
            while waitpid(identifier, &status, 0) == -1, errno == EINTR {}
            let signal = status & 0x7F
            return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
        }
    }
}

/// Lends texts as a C array of C strings that ends with a null pointer.
private func withCStrings<R>(
    _ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> R
) -> R {
    let pointers = texts.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    return body(pointers)
}
