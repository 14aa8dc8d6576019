// How fast pages are taken apart: ids and messages of each document out, on one core. DecodeBench ROUNDS FILE…, where
// each file holds one answer of a scroll; they are taken by turns, since a processor learns a page by heart that it
// sees again and again, down to every length, and then takes it apart a third faster than any that it has not seen.

import Glibc

@testable import OpenSearchScroll

@main
struct DecodeBench {
    static func main() throws {
        let arguments = CommandLine.arguments
        let pages = arguments.dropFirst(2).compactMap { contents(of: $0) }
        guard arguments.count > 2, let rounds = Int(arguments[1]), pages.count == arguments.count - 2 else {
            print("usage: DecodeBench ROUNDS FILE…")
            exit(64)
        }
        let decoder = PageDecoder(field: "log")
        var rates: [Double] = []
        var documents = 0
        var check = 0
        for round in 0..<rounds {
            let answer = pages[round % pages.count]
            // Strings are unescaped where they stand, so each round needs the bytes as they came.
            let body = answer.withUnsafeBytes { AnswerBody(copying: $0) }
            let start = ContinuousClock.now
            let (_, page) = try decoder.decode(body)
            page.forEachDocument { check &+= $0.id.count &+ ($0.message?.count ?? 0) }
            rates.append(Double(answer.count) / ((ContinuousClock.now - start) / .seconds(1)) / 1e9)
            documents = page.count
        }
        rates.sort()
        print(
            #"{"documents":\#(documents),"bytes":\#(pages[0].count),"pages":\#(pages.count),"#
                + #""gigabytesPerSecond":\#(rates[rounds / 2]),"best":\#(rates[rounds - 1]),"check":\#(check)}"#)
    }

    private static func contents(of path: String) -> [UInt8]? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = fread(&part, 1, part.count, file)
            if count == 0 { return bytes }
            bytes += part[..<count]
        }
    }
}
