@preconcurrency import Glibc

/// Programs that tests start, each on a thread that may wait.
enum Shell {
    /// Runs a command and returns what it printed on standard output.
    static func run(_ arguments: [String]) async throws -> String {
        try await onThread {
            let child = try Child(arguments)
            defer { child.stop() }
            var text = ""
            while let line = child.readLine() { text += line + "\n" }
            guard child.wait() == 0 else { throw Missing(description: "\(arguments.joined(separator: " ")) failed") }
            return text
        }
    }

    static func onThread<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
        try await withCheckedThrowingContinuation { continuation in
            startThread { continuation.resume(with: Result(catching: body)) }
        }
    }

    /// Runs `body` on a thread of its own, which starts even while tests keep all of the tasks' threads busy.
    static func startThread(_ body: @escaping @Sendable () -> Void) {
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { context in
                if let context { Unmanaged<Work>.fromOpaque(context).takeRetainedValue().body() }
                return nil
            }, Unmanaged.passRetained(Work(body)).toOpaque())
        precondition(code == 0, "no thread")
        pthread_detach(thread)
    }

    private final class Work: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
}

/// A program that runs until its standard input is closed. Used by one thread at a time.
final class Child: @unchecked Sendable {
    private let process: pid_t
    private var input: Int32
    private let output: UnsafeMutablePointer<FILE>

    init(_ arguments: [String]) throws {
        var toChild: [Int32] = [0, 0]
        var fromChild: [Int32] = [0, 0]
        // Another child must not hold our end open, not even one that is started just now: of sockets that can be said
        // as they are made.
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &toChild) == 0, socketpair(AF_UNIX, kind, 0, &fromChild) == 0 else {
            throw Missing(description: "no pair of sockets")
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_adddup2(&actions, toChild[0], 0)
        posix_spawn_file_actions_adddup2(&actions, fromChild[1], 1)
        defer { posix_spawn_file_actions_destroy(&actions) }
        var strings = arguments.map { strdup($0) } + [nil]
        defer { for string in strings { free(string) } }
        var id: pid_t = 0
        let code = posix_spawnp(&id, arguments[0], &actions, nil, &strings, environ)
        close(toChild[0])
        close(fromChild[1])
        guard code == 0, let stream = fdopen(fromChild[0], "r") else {
            throw Missing(description: "cannot run \(arguments[0]): errno \(code)")
        }
        process = id
        input = toChild[1]
        output = stream
    }

    func readLine() -> String? {
        var line: UnsafeMutablePointer<CChar>?
        var room = 0
        defer { free(line) }
        let count = getline(&line, &room, output)
        guard count > 0, let line else { return nil }
        return String(cString: line).trimmingNewline
    }

    func wait() -> Int32 {
        var status: Int32 = 0
        waitpid(process, &status, 0)
        return status
    }

    /// Closes standard input, which ends the programs that tests start.
    func stop() {
        guard input >= 0 else { return }
        close(input)
        input = -1
    }
}

extension String {
    fileprivate var trimmingNewline: String { last == "\n" ? String(dropLast()) : self }
}
