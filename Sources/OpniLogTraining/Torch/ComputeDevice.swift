/// Where a model is computed.
public enum ComputeDevice: Sendable, Hashable {
    /// The first CUDA device if there is one that libtorch can use, else the CPU.
    case auto
    /// The CPU.
    case cpu
    /// A CUDA device by its number, from 0.
    case cuda(Int)

    /// Reads `auto`, `cpu`, `cuda` (the first) or `cuda:n`; nil for anything else.
    public init?(_ text: String) {
        switch text {
        case "auto": self = .auto
        case "cpu": self = .cpu
        case "cuda": self = .cuda(0)
        default:
            guard text.hasPrefix("cuda:"), let index = Int(text.dropFirst(5)), (0..<128).contains(index) else {
                return nil
            }
            self = .cuda(index)
        }
    }
}

extension ComputeDevice: CustomStringConvertible {
    /// `auto`, `cpu` or `cuda:n`.
    public var description: String {
        switch self {
        case .auto: "auto"
        case .cpu: "cpu"
        case .cuda(let index): "cuda:\(index)"
        }
    }
}
