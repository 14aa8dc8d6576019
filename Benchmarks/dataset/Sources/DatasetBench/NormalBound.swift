import Glibc

/// The |z| that the largest of `count` standard normal values exceeds at most once in a thousand times, by Bonferroni's
/// inequality.
func bonferroni(_ count: Int) -> Double {
    let tail = 0.001 / Double(2 * max(1, count))
    var low = 0.0
    var high = 40.0
    for _ in 0..<100 {
        let middle = (low + high) / 2
        if erfc(middle / 2.0.squareRoot()) / 2 > tail { low = middle } else { high = middle }
    }
    return high
}
