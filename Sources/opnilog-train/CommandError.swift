import Glibc

/// What ends a command without its result: an exit code and one line that says what went wrong and what to do.
struct CommandError: Error, CustomStringConvertible {
    let code: ExitCode
    /// What went wrong, without a full stop.
    let problem: String
    /// What to do about it, without a full stop; nil where `problem` says it.
    let remedy: String?
    /// The error of another room that led here.
    let cause: (any Error)?

    init(_ code: ExitCode, _ problem: String, remedy: String? = nil, cause: (any Error)? = nil) {
        self.code = code
        self.problem = problem
        self.remedy = remedy
        self.cause = cause
    }

    /// Whether nobody reads the results any more: whoever did has what they want, so there is nothing to say.
    var isBrokenPipe: Bool { (cause as? SystemError) == SystemError(EPIPE) }

    /// A bad setting.
    static func usage(_ problem: String, remedy: String? = nil) -> Self { Self(.usage, problem, remedy: remedy) }

    /// The one line for standard error, without the program's name.
    var description: String {
        let sentences = [problem, remedy].compactMap(\.self).map { Self.sentence($0) }
        return sentences.joined(separator: " ")
    }

    /// The same for a program that reads standard error.
    var json: String {
        JSONText.object([
            ("event", "\"error\""), ("code", String(code.rawValue)), ("text", JSONText.string(description)),
        ])
    }

    private static func sentence(_ text: String) -> String {
        let line = String(text.map { $0.isNewline ? " " : $0 })
        return line.hasSuffix(".") || line.hasSuffix("?") || line.hasSuffix("!") ? line : line + "."
    }
}

/// The system's number of an error, as the cause of what is said of it.
struct SystemError: Error, Equatable {
    let number: Int32

    init(_ number: Int32) { self.number = number }
}

/// The exit codes of the program, as operators script against them.
enum ExitCode: Int32, Sendable, CaseIterable {
    case complete = 0
    /// `drift`: above the share that was asked about.
    case above = 1
    /// Finished, but something that was asked for is missing and listed.
    case partial = 2
    /// A bad setting, or an output folder that is in use or holds a result already.
    case usage = 64
    /// No usable log, or a model or table that is none.
    case noUsableLog = 65
    /// The server, libtorch or the device cannot be used.
    case unavailable = 69
    /// A fault of this program.
    case fault = 70
    /// The disk or the output cannot be written, or what is kept there not be read.
    case output = 74
    /// Interrupted: run again.
    case interrupted = 75
}
