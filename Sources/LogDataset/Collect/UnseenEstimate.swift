/// How large a share of the lines of hours that were not read is of templates that are in none that was: estimated by
/// the share of lines, of those read, whose template is in exactly one hour.
///
/// Leave each hour out in turn: its lines of templates that no other hour has are those that would be unseen, and over
/// all hours these are the lines of templates of one hour. Good–Turing's estimate goes by lines, of which a burst
/// brings many at once, and is far too low for logs.
///
/// Exact up to `capacity` templates; of more, those are looked at whose hashes end in enough zeros.
struct UnseenEstimate {
    private struct Template {
        var hour: Hour
        var lines: UInt64
        var isOfOneHour = true
    }

    static let capacity = 1 << 18

    private let capacity: Int
    private var templates: [UInt128: Template] = [:]
    private var lines: UInt64 = 0
    /// Templates whose hash has a bit of these are not looked at.
    private var mask: UInt128 = 0

    init(capacity: Int = UnseenEstimate.capacity) { self.capacity = capacity }

    mutating func add(hash: UInt128, hour: Hour, lines count: UInt64) {
        lines += count
        guard hash & mask == 0 else { return }
        guard var template = templates[hash] else {
            templates[hash] = Template(hour: hour, lines: count)
            while templates.count > capacity { thin() }
            return
        }
        template.lines += count
        if template.hour != hour { template.isOfOneHour = false }
        templates[hash] = template
    }

    /// From 0 to 1; 0 if there are no lines.
    var share: Double {
        if lines == 0 { return 0 }
        let alone = templates.values.reduce(UInt64(0)) { $0 + ($1.isOfOneHour ? $1.lines : 0) }
        return min(1, Double(alone) * Double(mask + 1) / Double(lines))
    }

    private mutating func thin() {
        mask = mask << 1 | 1
        templates = templates.filter { $0.key & mask == 0 }
    }
}

extension UnseenEstimate {
    /// Over all segments of runs that are of some hours.
    static func of(
        _ runs: [Run], hours: Set<Hour>, cancellation: CancellationFlag
    ) throws(DatasetError) -> UnseenEstimate {
        var estimate = UnseenEstimate()
        for run in runs {
            for segment in run.segments {
                guard let hour = segment.hour, hours.contains(hour) else { continue }
                try cancellation.check()
                var reader = RecordBlockReader(try InputFile(opening: run.path), segment.bytes)
                while let record = try reader.next() {
                    estimate.add(hash: record.hash, hour: hour, lines: record.count)
                }
            }
        }
        return estimate
    }
}
