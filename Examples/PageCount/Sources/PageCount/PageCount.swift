// Counts the pages and documents of an index: `swift run PageCount http://localhost:9200 logs`.
// Only OpenSearchScroll is imported, so neither masking nor libtorch is built or needed.

import OpenSearchScroll

@main
struct PageCount {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 3 else {
            print("usage: PageCount ENDPOINT INDEX")
            return
        }
        let client = try OpenSearchClient(configuration: OpenSearchConfiguration(endpoints: [arguments[1]]))
        let (pages, documents) = try await client.withScroll(ScrollQuery(index: arguments[2])) { scroll in
            var pages = 0
            var documents = 0
            for try await page in scroll {
                pages += 1
                documents += page.count
            }
            return (pages, documents)
        }
        print("\(pages) pages, \(documents) documents")
    }
}
