@preconcurrency import Glibc
import Synchronization

/// A server that answers each request by the next line of a script, whatever is asked, and notes what was asked.
final class ScriptedServer: Sendable {
    enum Line: Sendable {
        /// A whole answer.
        case answer(Int, String)
        /// Bytes as they are, then the connection is closed.
        case raw(String)
        /// Reads the request and closes without a byte.
        case hangUp
        /// Reads the request, tells `ScriptedServer/silences`, and answers nothing until the client goes.
        case silence
        /// The same after these bytes.
        case begun(String)
        /// Tells `ScriptedServer/silences`, waits to be released, then answers.
        case held(Int, String)
    }

    private struct State {
        var script: [Line]
        var requests: [String] = []
        var stopped = false
    }

    let port: Int
    /// An address of its own, so that a test that still asks a server which has stopped does not meet this one.
    var url: String { "http://127.0.0.2:\(port)" }
    /// An element each time the script comes to a silence.
    let silences: AsyncStream<Void>
    private let fell: AsyncStream<Void>.Continuation
    private let socket: Int32
    private let state: Mutex<State>
    private let gate = Gate()

    init(_ script: [Line]) throws {
        state = Mutex(State(script: script))
        (silences, fell) = AsyncStream.makeStream()
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.2")
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let socket = self.socket
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(socket, address, size) == 0 && listen(socket, 16) == 0
                    && getsockname(socket, address, &size) == 0
            }
        }
        guard bound else { throw Missing(description: "no port on loopback") }
        port = Int(UInt16(bigEndian: address.sin_port))
        Shell.startThread { [self] in serve() }
    }

    /// What was asked so far: method, path and body of each request.
    var requests: [String] { state.withLock { $0.requests } }

    /// Lets a held line go on.
    func release() { gate.open() }

    func stop() {
        state.withLock { $0.stopped = true }
        gate.open()
        // Closed by whoever waits on it: a number that is free again may at once be the next server's socket.
        shutdown(socket, Int32(SHUT_RDWR))
    }

    private func serve() {
        while case let connection = Loopback.accept(socket), connection >= 0 {
            Shell.startThread { [self] in converse(connection) }
        }
        close(socket)
    }

    private func converse(_ connection: Int32) {
        defer { close(connection) }
        guard let request = readRequest(connection) else { return }
        let line = state.withLock { state -> Line in
            state.requests.append(request)
            return state.script.isEmpty ? .answer(500, "the script is over") : state.script.removeFirst()
        }
        switch line {
        case .answer(let status, let body): send(connection, status, body)
        case .raw(let text): send(connection, text)
        case .hangUp: break
        case .silence: fallSilent(connection)
        case .begun(let text):
            send(connection, text)
            fallSilent(connection)
        case .held(let status, let body):
            fell.yield()
            gate.wait()
            send(connection, status, body)
        }
    }

    private func fallSilent(_ connection: Int32) {
        fell.yield()
        var byte: UInt8 = 0
        _ = recv(connection, &byte, 1, 0)
    }

    private func send(_ connection: Int32, _ status: Int, _ body: String) {
        send(
            connection,
            "HTTP/1.1 \(status) x\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n"
                + "Connection: close\r\n\r\n\(body)")
    }

    private func send(_ connection: Int32, _ text: String) {
        var bytes = Array(text.utf8)
        _ = Glibc.send(connection, &bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    private func readRequest(_ connection: Int32) -> String? {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = recv(connection, &chunk, chunk.count, 0)
            guard count > 0 else { return nil }
            bytes += chunk[..<count]
            let text = String(decoding: bytes, as: UTF8.self)
            guard let end = text.firstRange(of: "\r\n\r\n") else { continue }
            let head = text[..<end.lowerBound]
            let length =
                head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
                .flatMap { Int($0.split(separator: " ").last ?? "") } ?? 0
            let body = text[end.upperBound...]
            guard body.utf8.count >= length else { continue }
            let line = head.split(separator: "\r\n")[0].split(separator: " ")
            return "\(line[0]) \(line[1])" + (body.isEmpty ? "" : " " + body)
        }
    }
}

/// A door that opens once.
private final class Gate: @unchecked Sendable {
    private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
    init() { sem_init(semaphore, 0, 0) }
    func open() { sem_post(semaphore) }
    func wait() {
        sem_wait(semaphore)
        sem_post(semaphore)
    }
    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }
}
