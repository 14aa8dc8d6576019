@preconcurrency import Glibc
import Synchronization

@testable import OpenSearchScroll

/// A server that shows what goes over the wire, and answers as it is told: also on connections that are kept, which
/// `ScriptedServer` never has, and as a proxy.
final class WireServer: Sendable {
    /// One request as it came.
    struct Seen: Sendable {
        /// Counted from 0, as they were accepted.
        var connection: Int
        /// Method, path and version.
        var line: String
        /// By name in small letters.
        var headers: [String: String]
        var body: String
    }

    enum Reply: Sendable {
        /// Bytes as they are; the connection is kept.
        case send([UInt8])
        case sendAndClose([UInt8])
        /// The end of the connection without a byte, the way a server that stops does it, or by a reset.
        case hangUp(reset: Bool)
        /// Bytes, then both ways whatever comes, from and to a port of this machine.
        case tunnel([UInt8], port: Int)
    }

    /// Not that of other tests' servers, whose clients may still ask for a port after it has become ours.
    static let host = "127.0.1.1"

    let port: Int
    var url: String { "http://\(Self.host):\(port)" }
    private let socket: Int32
    private let answer: @Sendable (Seen, Int) -> Reply
    private let seen = Mutex<[Seen]>([])

    /// - Parameter answer: told a request and its number, from 0.
    init(_ answer: @escaping @Sendable (Seen, Int) -> Reply) throws {
        self.answer = answer
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard let port = Loopback.bind(socket, WireServer.host, listens: true) else {
            throw Missing(description: "no port on loopback")
        }
        self.port = port
        OwnThread.run { [self] in
            var number = 0
            while case let connection = Loopback.accept(socket), connection >= 0 {
                let own = number
                OwnThread.run { [self] in
                    converse(connection, own)
                    close(connection)
                }
                number += 1
            }
            // By whoever waits on it: a number that is free again may at once be the next server's socket.
            close(socket)
        }
    }

    /// What was asked so far.
    var requests: [Seen] { seen.withLock { $0 } }

    func stop() { shutdown(socket, Int32(SHUT_RDWR)) }

    private func converse(_ connection: Int32, _ number: Int) {
        var rest: [UInt8] = []
        while let request = Self.read(connection, number, &rest) {
            let count = seen.withLock { seen in
                seen.append(request)
                return seen.count - 1
            }
            switch answer(request, count) {
            case .send(let bytes): Self.send(connection, bytes)
            case .sendAndClose(let bytes): return Self.send(connection, bytes)
            case .hangUp(let reset):
                // A linger of no time makes of the close a reset.
                var linger = linger(l_onoff: reset ? 1 : 0, l_linger: 0)
                setsockopt(
                    connection, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
                return
            case .tunnel(let bytes, let port):
                guard let other = Loopback.connect(port) else { return }
                Self.send(connection, bytes)
                Self.join(connection, other)
                close(other)
                return
            }
        }
    }

    private static func read(_ connection: Int32, _ number: Int, _ rest: inout [UInt8]) -> Seen? {
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let text = String(decoding: rest, as: UTF8.self)
            if let end = text.firstRange(of: "\r\n\r\n") {
                let lines = text[..<end.lowerBound].split(separator: "\r\n")
                var headers: [String: String] = [:]
                for line in lines.dropFirst() {
                    let parts = line.split(separator: ":", maxSplits: 1)
                    headers[parts[0].lowercased()] = String(parts.count > 1 ? parts[1].drop { $0 == " " } : "")
                }
                let length = Int(headers["content-length"] ?? "0") ?? 0
                let body = text[end.upperBound...].utf8
                if body.count >= length {
                    rest = Array(body.dropFirst(length))
                    return Seen(
                        connection: number, line: String(lines[0]), headers: headers,
                        body: String(decoding: body.prefix(length), as: UTF8.self))
                }
            }
            let count = recv(connection, &chunk, chunk.count, 0)
            guard count > 0 else { return nil }
            rest += chunk[..<count]
        }
    }

    private static func send(_ connection: Int32, _ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }

    private static func join(_ one: Int32, _ other: Int32) {
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            var both = [
                pollfd(fd: one, events: Int16(POLLIN), revents: 0),
                pollfd(fd: other, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&both, 2, -1) > 0 else { return }
            for (from, to) in [(0, other), (1, one)] where both[from].revents != 0 {
                let count = recv(both[from].fd, &chunk, chunk.count, 0)
                guard count > 0 else { return }
                send(to, Array(chunk[..<count]))
            }
        }
    }
}

extension WireServer.Reply {
    /// A whole answer on a connection that is kept.
    static func answer(_ status: Int = 200, _ body: String = "{}", _ headers: [String] = []) -> WireServer.Reply {
        answer(status, Array(body.utf8), headers)
    }

    static func answer(_ status: Int = 200, _ body: [UInt8], _ headers: [String] = []) -> WireServer.Reply {
        let head = (["HTTP/1.1 \(status) x", "Content-Length: \(body.count)"] + headers).joined(separator: "\r\n")
        return .send(Array((head + "\r\n\r\n").utf8) + body)
    }
}

/// A port where nothing listens, for as long as this is held.
final class DeadPort {
    let port: Int
    var url: String { "http://\(WireServer.host):\(port)" }
    private let socket: Int32

    init() throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard let port = Loopback.bind(socket, WireServer.host, listens: false) else {
            throw Missing(description: "no port on loopback")
        }
        self.port = port
    }

    deinit { close(socket) }
}

/// Sockets of this machine.
enum Loopback {
    /// The port, any that is free.
    static func bind(_ socket: Int32, _ host: String, listens: Bool) -> Int? {
        var address = self.address(host, 0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                Glibc.bind(socket, address, size) == 0 && (!listens || Glibc.listen(socket, 64) == 0)
                    && getsockname(socket, address, &size) == 0
            }
        }
        return isBound ? Int(UInt16(bigEndian: address.sin_port)) : nil
    }

    /// The next connection. A child process that a test starts must not inherit it: it would stay open after its close,
    /// and the client would wait for the end of an answer until its time is over.
    static func accept(_ socket: Int32) -> Int32 {
        let connection = Glibc.accept(socket, nil, nil)
        if connection >= 0 { _ = fcntl(connection, F_SETFD, FD_CLOEXEC) }
        return connection
    }

    static func connect(_ port: Int) -> Int32? {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = self.address("127.0.0.1", port)
        let code = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                Glibc.connect(socket, address, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if code == 0 { return socket }
        close(socket)
        return nil
    }

    /// Whether a connection of this machine to a port has been closed by its other end.
    static func isHalfClosed(port: Int) throws -> Bool {
        let digits = String(port, radix: 16, uppercase: true)
        let remote = ":" + String(repeating: "0", count: 4 - digits.count) + digits
        return String(decoding: try readFile("/proc/net/tcp"), as: UTF8.self).split(separator: "\n").contains { line in
            let parts = line.split(separator: " ")
            return parts.count > 3 && parts[2].hasSuffix(remote) && parts[3] == "08"
        }
    }

    private static func address(_ host: String, _ port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr(host)
        address.sin_port = UInt16(port).bigEndian
        return address
    }
}

extension Transport {
    convenience init(_ change: (inout OpenSearchConfiguration) -> Void = { _ in }) throws {
        var configuration = configuration("http://127.0.0.1")
        change(&configuration)
        try self.init(TransportSettings(configuration))
    }
}

extension HTTPRequest {
    /// A request to a test's server.
    static func to(
        _ url: String, _ method: Method = .post, _ path: String = "/_search/scroll",
        body: String? = #"{"scroll":"1m","scroll_id":"x"}"#, credentials: Credentials = .none,
        timeout: Duration = .seconds(600)
    ) throws -> HTTPRequest {
        HTTPRequest(
            method: method, endpoint: try Endpoint.parse(url).endpoint, credentials: credentials, path: path,
            body: body.map { Array($0.utf8) }, timeout: timeout)
    }
}

extension Result {
    var failure: Failure? {
        if case .failure(let failure) = self { failure } else { nil }
    }
}

/// What an error says of a request to a server.
func requestContext(_ url: String) throws -> RequestContext {
    RequestContext(
        purpose: .next, endpoint: try Endpoint.parse(url).endpoint, index: "logs", timeField: "time",
        timeout: .seconds(20), caFile: nil, credentials: .none)
}
