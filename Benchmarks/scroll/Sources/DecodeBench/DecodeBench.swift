// How fast a page is taken apart: ids and messages of each document out, on one core. DecodeBench FILE ROUNDS, where
// the file holds one answer of a scroll.

import Glibc

@testable import OpenSearchScroll

@main
struct DecodeBench {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 3, let rounds = Int(arguments[2]), let answer = contents(of: arguments[1]) else {
            print("usage: DecodeBench FILE ROUNDS")
            exit(64)
        }
        let decoder = PageDecoder(field: "log")
        var seconds: [Double] = []
        var documents = 0
        var check = 0
        for _ in 0..<rounds {
            // Strings are unescaped where they stand, so each round needs the bytes as they came.
            let body = answer.withUnsafeBytes { AnswerBody(copying: $0) }
            let start = ContinuousClock.now
            let (_, page) = try decoder.decode(body)
            page.forEachDocument { check &+= $0.id.count &+ ($0.message?.count ?? 0) }
            seconds.append((ContinuousClock.now - start) / .seconds(1))
            documents = page.count
        }
        seconds.sort()
        let median = seconds[rounds / 2]
        print(
            #"{"documents":\#(documents),"bytes":\#(answer.count),"medianSeconds":\#(median),"#
                + #""gigabytesPerSecond":\#(Double(answer.count) / median / 1e9),"#
                + #""best":\#(Double(answer.count) / seconds[0] / 1e9),"check":\#(check)}"#)
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
