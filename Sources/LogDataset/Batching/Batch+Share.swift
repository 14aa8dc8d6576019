extension Batch {
    /// The contiguous part of the rows that falls to one of several ranks; it has no row where there are more ranks
    /// than rows. Because equal logs are merged before the batch is shared, the shares of all ranks, one after another,
    /// are the batch.
    ///
    /// - Parameters:
    ///   - rank: 0..<`ranks`.
    ///   - ranks: How many share the batch.
    public func share(ofRank rank: Int, of ranks: Int) -> Batch {
        let part = BatchCuts.part(rank, of: ranks, ofCount: rows)
        return Batch(
            tokens: Array(tokens[part.lowerBound * Batch.length..<part.upperBound * Batch.length]),
            lengths: Array(lengths[part]),
            multiplicities: Array(multiplicities[part])
        )
    }

    /// Puts the shares of a batch together again.
    ///
    /// - Parameter shares: The shares of all ranks, in order.
    public init(joining shares: [Batch]) {
        self.init(
            tokens: shares.flatMap(\.tokens),
            lengths: shares.flatMap(\.lengths),
            multiplicities: shares.flatMap(\.multiplicities)
        )
    }
}

extension Batch {
    /// Lends, one after another, the bytes that the digest of an epoch is computed over: the number of rows (8 bytes),
    /// the tokens and the multiplicities (4 bytes each), all little-endian.
    ///
    /// - Parameter body: Called a few times with bytes that are valid until it returns.
    public func forEachDigestPart(_ body: (UnsafeRawBufferPointer) -> Void) {
        withUnsafeBytes(of: UInt64(rows).littleEndian, body)
        // Every machine that Swift for Linux runs on is little-endian.
        tokens.withUnsafeBytes(body)
        multiplicities.withUnsafeBytes(body)
    }
}

extension Subset {
    /// Walks all batches and lends the bytes that the digest of this epoch is computed over.
    ///
    /// - Parameter body: Called with bytes that are valid until it returns.
    /// - Throws: What making the draw throws.
    public func forEachDigestPart(_ body: (UnsafeRawBufferPointer) -> Void) async throws(DatasetError) {
        for try await batch in self { batch.forEachDigestPart(body) }
    }
}
