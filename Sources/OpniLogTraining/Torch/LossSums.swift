import CTorch

/// Sums over the masked variants of a batch, or of many.
struct LossSums: Sendable, Equatable, Codable {
    /// Of multiplicity × cross-entropy, in nats.
    var sum = 0.0
    /// Of the multiplicities.
    var weight = 0.0
    /// Of the multiplicities where the true token has the highest logit.
    var first = 0.0
    /// Of the multiplicities where the true token is among the 50 highest.
    var among50 = 0.0
    /// Variants that were computed.
    var variants = 0

    /// Mean cross-entropy a masked variant; 0 of nothing.
    var mean: Double { weight > 0 ? sum / weight : 0 }

    static func += (left: inout LossSums, right: LossSums) {
        left.sum += right.sum
        left.weight += right.weight
        left.first += right.first
        left.among50 += right.among50
        left.variants += right.variants
    }

    static var empty: opnilog_torch_loss {
        var loss = opnilog_torch_loss()
        loss.size = MemoryLayout<opnilog_torch_loss>.size
        return loss
    }

    init() {}

    init(_ loss: opnilog_torch_loss) {
        sum = loss.sum
        weight = loss.weight
        first = loss.first
        among50 = loss.among_50
        variants = Int(loss.variants)
    }
}
