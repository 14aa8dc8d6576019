import CCrypto

/// SHA-256 over a model's trained parameters: name, shape and float32 values of each, in the order of the file. Equal
/// for equal tensors whatever the build of libtorch that wrote them.
enum TensorDigest {
    /// The digest as 64 hexadecimal digits. Called on `TorchThread`.
    static func compute(_ model: TorchModel) throws(TrainingError) -> String {
        guard let state = opnilog_sha256_new() else {
            throw TrainingError(.failed, "Memory is exhausted; give the run more.")
        }
        defer { opnilog_sha256_free(state) }
        for (index, tensor) in try model.tensors().enumerated() {
            let header = Array("\(tensor.name) \(tensor.shape)\n".utf8)
            header.withUnsafeBytes { opnilog_sha256_update(state, $0.baseAddress, $0.count) }
            let bits = try model.numbers(of: index, count: tensor.count).map { Float($0).bitPattern.littleEndian }
            bits.withUnsafeBytes { opnilog_sha256_update(state, $0.baseAddress, $0.count) }
        }
        var digest = [UInt8](repeating: 0, count: 32)
        opnilog_sha256_finish(state, &digest)
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
