import CCompression

/// `gzip` as OpenSearch gives it over plain HTTP to those who ask.
enum ContentCoding {
    /// Whether an `Accept-Encoding` names gzip, with a weight that is not 0.
    static func takesGzip(_ accepted: String) -> Bool {
        accepted.split(separator: ",").contains { part in
            let halves = part.lowercased().split(separator: ";").map { $0.filter { $0 != " " } }
            guard let name = halves.first, name == "gzip" || name == "x-gzip" else { return false }
            let weight = halves.dropFirst().first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) }
            return weight != 0
        }
    }

    /// The answer with its body compressed; one without a body stays as it is.
    static func gzipped(_ answer: HTTPAnswer) -> HTTPAnswer {
        guard !answer.body.isEmpty, answer.ending != .close, answer.ending != .stall,
            let body = compressed(answer.body)
        else { return answer }
        var copy = answer
        copy.body = body
        copy.headers.append(("content-encoding", "gzip"))
        return copy
    }

    private static func compressed(_ bytes: [UInt8]) -> [UInt8]? {
        let room = opnilog_gzip_bound(bytes.count)
        let compressed = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
            count = buffer.baseAddress.map { opnilog_gzip(bytes, bytes.count, $0, room) } ?? 0
        }
        return compressed.isEmpty ? nil : compressed
    }
}
