import LogDataset

/// SHA-256 over a model's trained parameters: name, shape and float32 values of each, in the order of the file. Equal
/// for equal tensors whatever the build of libtorch that wrote them.
enum TensorDigest {
    /// The digest as 64 hexadecimal digits. Called on `TorchThread`.
    static func compute(_ model: TorchModel) throws(TrainingError) -> String {
        let digest = SHA256()
        for (index, tensor) in try model.tensors().enumerated() {
            digest.update("\(tensor.name) \(tensor.shape)\n")
            let bits = try model.numbers(of: index, count: tensor.count).map { Float($0).bitPattern.littleEndian }
            bits.withUnsafeBytes { digest.update($0) }
        }
        return digest.finish().hexadecimal
    }
}
