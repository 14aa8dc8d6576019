import LogDataset
import LogMasking

/// `mask`: the masked text of each input log, one line each, in order; with `--explain` NDJSON that tells which rule
/// took which bytes.
enum MaskCommand {
    static func run(_ context: RunContext) async throws -> ExitCode {
        let masking = try MaskFile.settings(context.settings)
        let logs = try await FileLogs(context.settings)
        let explains = context.settings[Options.explain]
        let console = context.console
        console.begin("masking", unit: "logs", results: logs.results)
        let (total, tally) = try await OwnThread.run { try mask(logs, masking, explains: explains, console) }
        console.endStage()
        try logs.check(total)
        for remark in [total.remark(field: logs.field), tally.remark].compactMap(\.self) { console.note(remark) }
        return .complete
    }

    private static func mask(
        _ logs: FileLogs, _ masking: MaskSettings, explains: Bool, _ console: Console
    ) throws -> (PageCount, MaskTally) {
        let masker = LogMasker(masking)
        var output = ResultWriter()
        // Lines are gathered a page at a time and written then, so that whoever feeds a pipe sees its answer.
        var lines: [UInt8] = []
        var total = PageCount()
        while let page = try logs.nextPage() {
            lines.removeAll(keepingCapacity: true)
            var messages = 0
            let tally = page.forEachMessage { message, _ in
                if explains {
                    append(masker.explain(message), of: message, to: &lines)
                } else {
                    masker.withMasked(message) { lines.append(contentsOf: $0) }
                }
                lines.append(UInt8(ascii: "\n"))
                messages += 1
            }
            try output.write(lines)
            try output.flush()
            total.add(PageCount(messages: messages, tally))
            console.update { state in
                state.done = total.messages
                state.bytes += page.bytes
            }
        }
        return (total, masker.tally)
    }

    /// `{"log":…,"masked":…,"rules":[{"rule":…,"start":…,"end":…,"text":…}]}`, with `"of":"masked"` where the bytes are
    /// not the log's.
    private static func append(
        _ explanation: MaskExplanation, of message: UnsafeRawBufferPointer, to line: inout [UInt8]
    ) {
        let masked = Array(explanation.masked.utf8)
        line += Array("{\"log\":".utf8)
        // Whatever is no UTF-8 is shown as it was taken.
        JSONText.append(String(decoding: message, as: UTF8.self).utf8, to: &line)
        line += Array(",\"masked\":".utf8)
        JSONText.append(masked, to: &line)
        line += Array(",\"rules\":[".utf8)
        for (index, part) in explanation.parts.enumerated() {
            line += Array((index == 0 ? "{\"rule\":" : ",{\"rule\":").utf8)
            JSONText.append(part.rule.utf8, to: &line)
            if part.isOfMaskedText { line += Array(",\"of\":\"masked\"".utf8) }
            line += Array(",\"start\":\(part.bytes.lowerBound),\"end\":\(part.bytes.upperBound),\"text\":".utf8)
            let text =
                part.text ?? String(decoding: UnsafeRawBufferPointer(rebasing: message[part.bytes]), as: UTF8.self)
            JSONText.append(text.utf8, to: &line)
            line.append(UInt8(ascii: "}"))
        }
        line += Array("]}".utf8)
    }
}
