import FoundationEssentials

@testable import OpenSearchScroll

/// Exchanges recorded on real servers.
struct Transcript: Decodable {
    struct Exchange: Decodable {
        struct Request: Decodable {
            var method: String
            var path: String
        }
        struct Response: Decodable {
            var status: Int
            var body: String?
            var body_base64: String?

            var bytes: [UInt8] {
                if let body { return Array(body.utf8) }
                return body_base64.flatMap { Data(base64Encoded: $0) }.map(Array.init) ?? []
            }
        }
        var request: Request
        var response: Response
    }

    var versions: [String: [Exchange]]

    /// The names of all that there are.
    static func names() throws -> [String] {
        let folder = Prerequisites.transcripts ?? ""
        return try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".json") }
            .map { String($0.dropLast(5)) }.sorted()
    }

    static func load(_ name: String) throws -> Transcript {
        guard let folder = Prerequisites.transcripts else {
            throw Missing(description: Prerequisites.transcriptsReason)
        }
        return try JSONDecoder().decode(Transcript.self, from: Data(readFile("\(folder)/\(name).json")))
    }
}
