import Glibc
import ProcessLimits

/// How the bytes of `--memory` are divided. A pure function of the budget.
public struct MemoryBudget: Sendable, Equatable {
    /// Bytes in all.
    public let total: Int
    /// Pages that wait for a worker or are being masked.
    let pages: Int
    /// Tables of counts; over it they go to disk as runs.
    let tables: Int
    /// Runs merged at once, each through a buffer of its own.
    let mergeFanIn: Int
    /// Words being counted for the vocabulary.
    let words: Int

    /// The least that a run can be done in.
    public static let minimum = 64 << 20

    /// Divides a budget.
    ///
    /// While logs are read, pages take a quarter and tables a half; the rest is for the scroll's own buffers and the
    /// masking workers' scratch. Merging and counting words come after, when pages and tables are gone.
    ///
    /// - Parameter total: bytes; anything below `minimum` counts as `minimum`.
    public init(total: Int) {
        self.init(dividing: max(total, MemoryBudget.minimum))
    }

    /// Tests divide less than any run could be done in.
    init(dividing total: Int) {
        self.total = total
        pages = self.total / 4
        tables = self.total / 2
        mergeFanIn = min(256, max(2, self.total / 2 / (4 * RecordBlock.target)))
        words = self.total / 2
    }

    /// A quarter of the machine's memory, the cgroup's limit (v1 or v2), or 2 GiB, whichever is least.
    public static var standard: MemoryBudget {
        let physical = Int(sysconf(CInt(_SC_PHYS_PAGES))) * Int(sysconf(CInt(_SC_PAGESIZE)))
        let limits = [physical / 4, ControlGroups().memoryLimit, 2 << 30].compactMap { $0 }
        return MemoryBudget(total: limits.min() ?? 2 << 30)
    }
}
