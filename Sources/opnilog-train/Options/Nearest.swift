/// The name that somebody who mistyped may have meant.
enum Nearest {
    /// `; did you mean X?`, or nothing where no name is near.
    static func question(_ word: String, among names: [String]) -> String {
        name(word, among: names, within: word.count / 3).map { "; did you mean \($0)?" } ?? ""
    }

    /// The nearest of the names, if it is at most so far away (and 1 is never too far).
    static func name(_ word: String, among names: [String], within farthest: Int) -> String? {
        let ranked = names.map { (name: $0, distance: distance(word, $0)) }.min { $0.distance < $1.distance }
        return ranked.flatMap { $0.distance <= max(1, farthest) ? $0.name : nil }
    }

    /// Insertions, deletions, substitutions and exchanges of neighbours (optimal string alignment).
    static func distance(_ left: String, _ right: String) -> Int {
        let (a, b) = (Array(left.utf8), Array(right.utf8))
        var before: [Int] = []
        var above = Array(0...b.count)
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var best = min(above[j] + (a[i] == b[j] ? 0 : 1), above[j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, before[j - 1] + 1) }
                row.append(best)
            }
            (before, above) = (above, row)
        }
        return above[b.count]
    }
}
