import Glibc

@testable import OpenSearchScrollTesting

/// What came back for one request, as far as it came.
struct HTTPReply {
    /// 0: not even a status line.
    var status = 0
    /// By lower-case name.
    var headers: [String: String] = [:]
    var body: [UInt8] = []

    var text: String { String(decoding: body, as: UTF8.self) }
    var json: JSONValue { (try? JSONParser.parse(body)) ?? .null }
    /// All of the body that was promised is there.
    var isWhole: Bool { headers["content-length"].flatMap { Int($0) } == body.count }
}

/// The least HTTP client that tests need: one connection a request, blocking, over a bare socket.
struct HTTPClient {
    /// Held, since a server ends with its last reference.
    let server: OpenSearchServer
    var headers: [String: String] = [:]

    init(_ server: OpenSearchServer) { self.server = server }

    func get(_ path: String) -> HTTPReply { send("GET", path) }

    func post(_ path: String, _ body: String) -> HTTPReply { send("POST", path, Array(body.utf8)) }

    func delete(_ path: String, _ body: String? = nil) -> HTTPReply {
        send("DELETE", path, body.map { Array($0.utf8) })
    }

    /// Sends a request and reads until the other side has answered whole or closed.
    func send(
        _ method: String, _ path: String, _ body: [UInt8]? = nil, type: String? = "application/json"
    ) -> HTTPReply {
        let socket = open(method, path, body, type: type)
        defer { close(socket) }
        return Self.read(socket, bodiless: method == "HEAD")
    }

    /// Sends a request and leaves the answer unread.
    ///
    /// - Returns: the connected socket, to be read and closed.
    func open(_ method: String, _ path: String, _ body: [UInt8]? = nil, type: String? = "application/json") -> Int32 {
        let socket = connect()
        var head = "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        if let body {
            head += "Content-Length: \(body.count)\r\n"
            if let type { head += "Content-Type: \(type)\r\n" }
        }
        let bytes = Array((head + "\r\n").utf8) + (body ?? [])
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { break }
            sent += count
        }
        return socket
    }

    private func connect() -> Int32 {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(server.port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = Glibc.connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        return socket
    }

    static func read(_ socket: Int32, bodiless: Bool = false) -> HTTPReply {
        var received: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(socket, &chunk, chunk.count, 0)
            guard count > 0 else { break }
            received.append(contentsOf: chunk[..<count])
        }
        return parse(received)
    }

    private static func parse(_ received: [UInt8]) -> HTTPReply {
        var reply = HTTPReply()
        let end = Array("\r\n\r\n".utf8)
        guard received.count >= 4,
            let head = (0...received.count - 4).first(where: { Array(received[$0..<$0 + 4]) == end })
        else { return reply }
        // One character, not two: \r\n is a single grapheme.
        let lines = String(decoding: received[..<head], as: UTF8.self).split(separator: "\r\n")
        reply.status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            reply.headers[line[..<colon].lowercased()] = String(value)
        }
        reply.body = Array(received[(head + 4)...])
        return reply
    }
}

extension JSONValue {
    /// The members' names, in order.
    var names: [String] {
        guard case .object(let members) = self else { return [] }
        return members.map(\.name)
    }

    /// The elements of an array.
    var elements: [JSONValue] {
        guard case .array(let elements) = self else { return [] }
        return elements
    }

    /// A value some levels down.
    subscript(_ path: String...) -> JSONValue? {
        path.reduce(self as JSONValue?) { $0?[$1] }
    }

    /// The ids of the hits of a search's answer.
    var ids: [String] { (self["hits", "hits"]?.elements ?? []).compactMap { $0["_id"]?.text } }
}
