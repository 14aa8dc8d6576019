import LogDataset
import LogMasking

/// `mask`: the masked text of each input log, one line each, in order.
enum MaskCommand {
    static func run(_ context: RunContext) async throws -> ExitCode {
        let logs = try await FileLogs(context.settings)
        let total = try await OwnThread.run { try mask(logs) }
        if let remark = total.remark { context.console.note(remark) }
        return .complete
    }

    private static func mask(_ logs: FileLogs) throws -> PageCount {
        let masker = LogMasker()
        var output = ResultWriter()
        // Lines are gathered a page at a time and written then, so that whoever feeds a pipe sees its answer.
        var lines: [UInt8] = []
        var total = PageCount()
        while let page = try logs.nextPage() {
            lines.removeAll(keepingCapacity: true)
            var messages = 0
            let tally = page.forEachMessage { message, _ in
                masker.withMasked(message) { lines.append(contentsOf: $0) }
                lines.append(UInt8(ascii: "\n"))
                messages += 1
            }
            try output.write(lines)
            try output.flush()
            total.add(PageCount(messages: messages, tally))
        }
        try logs.check(total)
        return total
    }
}
