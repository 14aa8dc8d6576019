import Testing

@testable import LogDataset

@Suite struct BatchTests {
    private func batch(rows: Int) -> Batch {
        Batch(
            tokens: (0..<rows * 64).map { Int32($0) },
            lengths: (0..<rows).map { Int32(2 + $0 % 63) },
            multiplicities: (0..<rows).map { Int32(1 + $0) }
        )
    }

    @Test func countsRowsAndLogs() {
        #expect(batch(rows: 4).rows == 4)
        #expect(batch(rows: 4).logs == 10)
        #expect(batch(rows: 0).logs == 0)
    }

    @Test(arguments: 1...8, [0, 1, 2, 7, 8, 50])
    func sharesOfAllRanksAreTheBatch(_ ranks: Int, _ rows: Int) {
        let batch = batch(rows: rows)
        let shares = (0..<ranks).map { batch.share(ofRank: $0, of: ranks) }
        #expect(Batch(joining: shares) == batch)
        #expect(shares.allSatisfy { $0.rows == rows / ranks || $0.rows == rows / ranks + 1 })
    }

    @Test func theDigestCoversRowsTokensAndMultiplicities() {
        var bytes: [UInt8] = []
        Batch(tokens: [1, 258] + Array(repeating: 0, count: 62), lengths: [2], multiplicities: [7])
            .forEachDigestPart { bytes.append(contentsOf: $0) }
        let tokens: [UInt8] = [1, 0, 0, 0, 2, 1, 0, 0] + Array(repeating: 0, count: 62 * 4)
        #expect(bytes == [1, 0, 0, 0, 0, 0, 0, 0] + tokens + [7, 0, 0, 0])
    }
}
