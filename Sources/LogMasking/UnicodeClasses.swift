import Glibc

/// A set of classes of a code point, a bit a class.
typealias PointClass = UInt8

/// The classes of all code points, as Python 3.11 has them, and their lower case.
enum UnicodeClasses {
    /// `\w`
    static var word: PointClass { 1 << 0 }
    /// `\d`
    static var decimal: PointClass { 1 << 1 }
    /// `\s`
    static var space: PointClass { 1 << 2 }
    /// Cased, and looked at when a sigma is lowered.
    static var cased: PointClass { 1 << 3 }
    /// Passed over when a sigma is lowered.
    static var ignorable: PointClass { 1 << 4 }
    /// Other than its lower case.
    static var raised: PointClass { 1 << 5 }

    /// Code points there are.
    static var count: Int { 0x11_0000 }
    /// The one code point whose lower case depends on its neighbours.
    static var capitalSigma: UInt32 { 0x3A3 }
    /// The one code point whose lower case is two code points.
    static var dottedCapitalI: UInt32 { 0x130 }

    /// One byte a code point. Pages of it that hold nothing but zeros cost no memory.
    // Written once here, never freed and only read afterwards, so any thread may look.
    nonisolated(unsafe) static let table: UnsafePointer<PointClass> = {
        guard let memory = calloc(count, 1) else { fatalError("LogMasking: no memory for its Unicode table of 1 MiB") }
        let table = memory.bindMemory(to: PointClass.self, capacity: count)
        let classes: [(PointClass, [UInt32])] = [
            (word, UnicodeTables.word), (decimal, UnicodeTables.decimal), (space, UnicodeTables.space),
            (cased, UnicodeTables.cased), (ignorable, UnicodeTables.ignorable),
        ]
        for (pointClass, ranges) in classes {
            for index in stride(from: 0, to: ranges.count, by: 2) {
                for point in ranges[index]...ranges[index + 1] { table[Int(point)] |= pointClass }
            }
        }
        let runs = UnicodeTables.lowercase
        for index in stride(from: 0, to: runs.count, by: 4) {
            for point in stride(from: runs[index], through: runs[index + 1], by: Int(runs[index + 2])) {
                table[Int(point)] |= raised
            }
        }
        table[Int(dottedCapitalI)] |= raised
        return UnsafePointer(table)
    }()

    /// Lower case of a `raised` point other than those two whose lower case is no single point of its own.
    static func lowercase(_ point: UInt32) -> UInt32 {
        let runs = UnicodeTables.lowercase
        var low = 0
        var high = runs.count / 4
        while low < high {
            let middle = (low + high) / 2
            if runs[4 * middle + 1] < point { low = middle + 1 } else { high = middle }
        }
        return runs[4 * low + 3] + (point - runs[4 * low])
    }
}
