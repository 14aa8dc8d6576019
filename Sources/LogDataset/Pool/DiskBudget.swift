import Glibc
import Synchronization

/// The bytes of disk that a reading's runs, merges and table may take together.
final class DiskBudget: Sendable {
    /// Without a limit, for what no reading is behind.
    static let unlimited = DiskBudget(limit: .max)

    let limit: Int
    private let taken = Atomic<Int>(0)
    private let highest = Atomic<Int>(0)

    init(limit: Int) { self.limit = limit }

    /// The budget by `bytes`, or else all that is free on a folder's disk but a twentieth, so that a reading never
    /// fills the disk of others. `held` is what an earlier run has left there, which counts as the budget's own.
    init(_ bytes: Int?, in directory: String, held: Int = 0) {
        limit = bytes ?? (DiskBudget.free(in: directory).map { $0 / 20 * 19 + held } ?? .max)
    }

    /// The most that was taken at once.
    var peak: Int { highest.load(ordering: .relaxed) }

    /// Takes `bytes` more for a file.
    ///
    /// - Throws: `diskBudgetSpent` if that is more than is left; nothing is taken then.
    func take(_ bytes: Int, for path: String) throws(DatasetError) {
        let now = taken.add(bytes, ordering: .relaxed).newValue
        guard now <= limit else {
            taken.subtract(bytes, ordering: .relaxed)
            throw .diskBudgetSpent(path, limit: limit, taken: now - bytes)
        }
        highest.max(now, ordering: .relaxed)
    }

    /// Counts a file that is there already, whether or not there is room for it.
    func hold(_ bytes: Int) {
        highest.max(taken.add(bytes, ordering: .relaxed).newValue, ordering: .relaxed)
    }

    /// Gives back what a file had taken that is removed.
    func give(_ bytes: Int) { taken.subtract(bytes, ordering: .relaxed) }

    private static func free(in directory: String) -> Int? {
        var status = statvfs()
        guard statvfs(directory, &status) == 0 else { return nil }
        return Int(status.f_bavail) * Int(status.f_frsize)
    }
}
