import CTorch

extension TorchModel {
    /// A trained parameter's name and shape.
    struct Tensor: Sendable {
        var name: String
        var shape: [Int]
        var count: Int { shape.reduce(1, *) }
    }

    /// The trained parameters, in the order of the model file.
    func tensors() throws(TrainingError) -> [Tensor] {
        var tensors: [Tensor] = []
        for index in 0..<bridge.api.pointee.tensor_count() {
            var tensor = opnilog_torch_tensor()
            tensor.size = MemoryLayout<opnilog_torch_tensor>.size
            try check { api, error in api.describe_tensor(pointer, index, &tensor, error) }
            guard let name = tensor.name else { throw TrainingError(.failed, "The bridge gave a tensor no name.") }
            let shape = [Int(tensor.shape.0), Int(tensor.shape.1)]
            tensors.append(Tensor(name: String(cString: name), shape: Array(shape[..<Int(tensor.rank)])))
        }
        return tensors
    }

    /// The numbers of parameter `index`, row-major.
    func numbers(of index: Int, count: Int, _ kind: Kind = .value) throws(TrainingError) -> [Double] {
        var numbers = [Double](repeating: 0, count: count)
        try check { api, error in
            api.read_tensor(pointer, Int32(index), kind.rawValue, &numbers, Int64(count), error)
        }
        return numbers
    }
}
