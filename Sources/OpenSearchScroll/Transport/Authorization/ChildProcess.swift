@preconcurrency import Glibc

/// A program that is run for what it prints.
enum ChildProcess {
    struct Failure: Error {
        var reason: String
        var mayPass: Bool
    }

    /// Ends a program, with its whole group, from another thread than the one that waits for it and alone knows when
    /// its number is another's.
    final class Stop: Sendable {
        /// Of a pipe; without one, the program ends on its own or at the limit.
        private let ends: (read: CInt, write: CInt)

        init() {
            var ends: [CInt] = [-1, -1]
            if pipe(&ends) == 0 {
                for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            }
            self.ends = (ends[0], ends[1])
        }

        deinit {
            for end in [ends.read, ends.write] where end >= 0 { close(end) }
        }

        /// Readable after `fire`.
        fileprivate var descriptor: CInt { ends.read }

        func fire() { write(ends.write, [0], 1) }
    }

    private static let largest = 64 << 10

    /// Runs a program without a shell and returns its standard output; its standard error is ours. Blocks its thread.
    static func output(of arguments: [String], within limit: Duration, stop: Stop) -> Result<String, Failure> {
        guard let program = arguments.first, !program.isEmpty else {
            return .failure(Failure(reason: "no command is given that prints a bearer token; name one", mayPass: false))
        }
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { return .failure(failure(program, errno)) }
        // Neither this program nor any other shall keep the pipe open.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[0]) }
        var child: pid_t = 0
        let code = spawn(arguments, output: ends[1], &child)
        close(ends[1])
        guard code == 0 else { return .failure(failure(program, code)) }
        let deadline = ContinuousClock.now + limit
        let text = readAll(ends[0], until: deadline, stop)
        let status = text == nil ? nil : status(of: child, until: deadline, stop)
        guard let text, let status else {
            // The whole group, since a script's programs may hold the pipe.
            kill(-child, SIGKILL)
            waitpid(child, nil, 0)
            let reason =
                "the command \(program) did not end within \(limit), or printed more than a token; run it by hand"
            return .failure(Failure(reason: reason, mayPass: true))
        }
        guard status == 0 else {
            let way = status & 0x7F == 0 ? "status \(status >> 8)" : "signal \(status & 0x7F)"
            return .failure(
                Failure(
                    reason: "the command \(program), which prints the token, ended by \(way); run it by hand",
                    mayPass: true))
        }
        return .success(text)
    }

    private static func failure(_ program: String, _ number: Int32) -> Failure {
        Failure(
            reason: "the command \(program) cannot be run (\(String(cString: strerror(number)))); name a program "
                + "that is in PATH", mayPass: false)
    }

    /// In a process group of its own, with signals as they are by default.
    private static func spawn(_ arguments: [String], output: Int32, _ child: inout pid_t) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigdefault(&attributes, &all)
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP
        posix_spawnattr_setflags(&attributes, Int16(flags))
        var strings: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for string in strings { free(string) } }
        return posix_spawnp(&child, arguments[0], &actions, &attributes, &strings, environ)
    }

    /// Nil when the time is over, when there is too much, or after a stop.
    private static func readAll(
        _ descriptor: Int32, until deadline: ContinuousClock.Instant, _ stop: Stop
    ) -> String? {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while bytes.count <= largest {
            let left = deadline - .now
            guard left > .zero else { return nil }
            var waiting = [descriptor, stop.descriptor].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            guard poll(&waiting, 2, Int32(left.milliseconds)) > 0 else { continue }
            if waiting[1].revents != 0 { return nil }
            let count = read(descriptor, &chunk, chunk.count)
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
            if count > 0 { bytes += chunk[..<count] }
        }
        return nil
    }

    /// A program ends right after its output does, so this waits in earnest only for one that closes it early.
    private static func status(
        of child: pid_t, until deadline: ContinuousClock.Instant, _ stop: Stop
    ) -> Int32? {
        var status: Int32 = 0
        while waitpid(child, &status, WNOHANG) != child {
            var waiting = pollfd(fd: stop.descriptor, events: Int16(POLLIN), revents: 0)
            guard ContinuousClock.now < deadline, poll(&waiting, 1, 2) <= 0 else { return nil }
        }
        return status
    }
}

/// A thread for one thing that blocks, so that none of Swift's own does.
enum OwnThread {
    private final class Work: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    static func run(_ body: @escaping @Sendable () -> Void) {
        var thread = pthread_t()
        let work = Unmanaged.passRetained(Work(body))
        let code = pthread_create(
            &thread, nil,
            { context in
                if let context { Unmanaged<Work>.fromOpaque(context).takeRetainedValue().body() }
                return nil
            }, work.toOpaque())
        if code == 0 {
            pthread_detach(thread)
        } else {
            // No more threads: better here than never.
            work.takeRetainedValue().body()
        }
    }
}
