@testable import OpenSearchScrollTesting

/// What the recorded servers held.
enum Fixtures {
    /// Twelve documents a second apart, as every recorded index of log lines has them.
    static func logs(_ name: String, count: Int = 12) -> StoredContents {
        StoredContents(
            (0..<count).map { position in
                let level = position == 0 ? "error" : "info"
                let digits = String(position)
                return StoredContents.Document(
                    id: name + "-" + String(repeating: "0", count: 5 - digits.count) + digits,
                    source: "{\"time\": \(1_700_000_000_000 + position * 1000), \"level\": \"\(level)\", "
                        + "\"log\": \"request \(position) took \(position * 7) ms \"}")
            })
    }

    static func server(
        _ indices: [String: any IndexContents] = ["logs": logs("logs")],
        _ configure: (inout OpenSearchServer.Configuration) -> Void = { _ in }
    ) throws -> OpenSearchServer {
        var configuration = OpenSearchServer.Configuration(indices: indices)
        configure(&configuration)
        return try OpenSearchServer(configuration: configuration)
    }

    /// Reads a whole scroll and clears it.
    ///
    /// - Returns: the pages' ids, and the totals that the pages gave.
    static func scroll(
        _ client: HTTPClient, _ index: String = "logs", body: String
    ) -> (pages: [[String]], totals: [Int]) {
        var pages: [[String]] = []
        var totals: [Int] = []
        var answer = client.post("/\(index)/_search?scroll=1m", body).json
        while let id = answer["_scroll_id"]?.text {
            totals.append(answer["hits", "total", "value"]?.integer ?? -1)
            if answer.ids.isEmpty {
                _ = client.delete("/_search/scroll", "{\"scroll_id\":[\"\(id)\"]}")
                break
            }
            pages.append(answer.ids)
            answer = client.post("/_search/scroll", "{\"scroll\":\"1m\",\"scroll_id\":\"\(id)\"}").json
        }
        return (pages, totals)
    }
}
