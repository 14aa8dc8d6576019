import CTorch
import LogDataset

extension Batch {
    /// Lends the batch to a call of the bridge.
    func withTorchBatch(_ body: (opnilog_torch_batch) -> opnilog_torch_status) -> opnilog_torch_status {
        tokens.withUnsafeBufferPointer { tokens in
            lengths.withUnsafeBufferPointer { lengths in
                multiplicities.withUnsafeBufferPointer { multiplicities in
                    guard let tokens = tokens.baseAddress, let lengths = lengths.baseAddress,
                        let multiplicities = multiplicities.baseAddress
                    else { return opnilog_torch_status(OPNILOG_TORCH_BAD_ARGUMENT) }
                    return body(
                        opnilog_torch_batch(
                            size: MemoryLayout<opnilog_torch_batch>.size, tokens: tokens, lengths: lengths,
                            multiplicities: multiplicities, rows: Int64(rows)))
                }
            }
        }
    }
}
