import FoundationEssentials
import Testing

@testable import OpenSearchScrollTesting

/// Exchanges recorded on real servers, 2.19.4 and 3.8.0.
struct Transcript: Decodable {
    struct Exchange: Decodable {
        struct Request: Decodable {
            let method: String
            var path: String
            let headers: [String: String]?
            var body: String?
        }

        struct Response: Decodable {
            let status: Int
            let headers: [String: String]
            let body: String?
            let body_base64: String?

            var bytes: [UInt8] { body.map { Array($0.utf8) } ?? Base64.decode(body_base64 ?? "") ?? [] }
        }

        let note: String?
        var request: Request
        let response: Response
    }

    let versions: [String: [Exchange]]

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Transcripts")

    static func load(_ name: String) throws -> Transcript {
        try JSONDecoder().decode(Transcript.self, from: Data(contentsOf: folder.appending(path: "\(name).json")))
    }
}

/// Plays the requests of a transcript against a server of ours and compares the answers.
struct Replay {
    /// Members whose values differ between any two servers.
    private static let volatile: Set<String> = [
        "took", "_scroll_id", "node", "index_uuid", "cluster_uuid", "build_hash", "build_date",
    ]

    let client: HTTPClient
    /// Recorded scroll ids and ours for them.
    private var ids: [(recorded: String, ours: String)] = []

    init(_ client: HTTPClient) { self.client = client }

    /// Opens the scroll that a record takes for granted when it begins with a continuation.
    mutating func open(_ path: String, _ body: String, for exchange: Transcript.Exchange) throws {
        let recorded = try JSONParser.parse(Array((exchange.request.body ?? "").utf8))["scroll_id"]?.text
        let ours = client.post(path, body).json["_scroll_id"]?.text
        ids.append((try #require(recorded), try #require(ours)))
    }

    /// Sends one recorded request, with our scroll ids in the place of the recorded ones.
    mutating func send(_ exchange: Transcript.Exchange) -> HTTPReply {
        var body = exchange.request.body
        for id in ids { body = body?.replacing(id.recorded, with: id.ours) }
        // An exchange with an empty type is one that sent none; the recorder names only other types than JSON.
        let refusesType = exchange.response.status == 406
        let type = exchange.request.headers?["Content-Type"] ?? (refusesType ? nil : "application/json")
        let reply = client.send(
            exchange.request.method, exchange.request.path, body.map { Array($0.utf8) }, type: type)
        if let recorded = (try? JSONParser.parse(exchange.response.bytes))?["_scroll_id"]?.text,
            let ours = reply.json["_scroll_id"]?.text, !ids.contains(where: { $0.recorded == recorded })
        {
            ids.append((recorded, ours))
        }
        return reply
    }

    /// Status, type and body of our answer are those of the record, apart from what no two servers share.
    ///
    /// - Parameter showsVersion: false: the version header is not looked at.
    mutating func check(_ exchange: Transcript.Exchange, wordsMayDiffer: Bool = false, showsVersion: Bool = true) {
        let reply = send(exchange)
        let what = "\(exchange.request.method) \(exchange.request.path) \(exchange.request.body ?? "")"
        #expect(reply.status == exchange.response.status, "\(what)")
        #expect(reply.headers["content-type"] == exchange.response.headers["content-type"], "\(what)")
        for name in ["www-authenticate", "allow"] + (showsVersion ? ["x-opensearch-version"] : []) {
            #expect(reply.headers[name] == exchange.response.headers[name], "\(what)")
        }
        guard exchange.request.method != "HEAD" else { return }
        guard let expected = try? JSONParser.parse(exchange.response.bytes) else {
            #expect(reply.body == exchange.response.bytes, "\(what)")
            return
        }
        let ours = Self.text(reply.json, wordsMayDiffer)
        #expect(ours == Self.text(expected, wordsMayDiffer), "\(what)")
    }

    /// JSON with what is volatile blotted out.
    static func text(_ value: JSONValue, _ wordsMayDiffer: Bool = false) -> String {
        var buffer: [UInt8] = []
        JSONWriter.append(blotted(value, wordsMayDiffer), to: &buffer)
        return String(decoding: buffer, as: UTF8.self)
    }

    private static func blotted(_ value: JSONValue, _ wordsMayDiffer: Bool) -> JSONValue {
        switch value {
        case .object(let members):
            return .object(
                members.map { member in
                    let isWord = wordsMayDiffer && ["type", "reason"].contains(member.name)
                    if volatile.contains(member.name) || isWord {
                        return JSONMember(name: member.name, value: .string(Array("*".utf8)))
                    }
                    return JSONMember(name: member.name, value: blotted(member.value, wordsMayDiffer))
                })
        case .array(let elements): return .array(elements.map { blotted($0, wordsMayDiffer) })
        case .string(let bytes):
            let text = String(decoding: bytes, as: UTF8.self)
            return .string(Array(steady(text).utf8))
        default: return value
        }
    }

    /// Error texts without what belongs to one node or one moment: context numbers, node names, objects, counts.
    static func steady(_ text: String) -> String {
        let marker = "No search context found for id ["
        if text.hasPrefix(marker) { return marker }
        if text.hasPrefix("rejected execution of ") {
            let words = text.split(separator: " ").map { word in
                word.contains("@") ? word.prefix { $0 != "@" } : word
            }
            return words.joined(separator: " ").filter { !$0.isNumber && $0 != "." }
        }
        let words = text.split(separator: " ")
        guard let place = words.firstIndex(of: "node"), place + 1 < words.count, words[place + 1].hasPrefix("[") else {
            return text
        }
        return text.replacing(words[place + 1], with: "[*]")
    }
}
