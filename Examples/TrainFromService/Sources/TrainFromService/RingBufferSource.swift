import LogDataset
import LogGenerator

/// What a service already holds in memory, as a source: here generated logs in four windows of an hour each.
struct RingBufferSource: LogSource {
    let name = "the service's ring buffer"
    let logsPerHour: Int

    func windows() async throws -> [LogWindow] {
        (0..<4).map { (number: Int) -> LogWindow in
            LogWindow(
                name: "hour \(number)", hour: Hour(number: Int32(number)), expectedDocuments: logsPerHour,
                key: number)
        }
    }

    func read(_ window: LogWindow, into sink: LogSink) async throws {
        guard let number = window.key as? Int else { return }
        let generator = LogGenerator(seed: 7)
        let logs = number * logsPerHour..<(number + 1) * logsPerHour
        for start in stride(from: logs.lowerBound, to: logs.upperBound, by: 1_000) {
            let messages = (start..<min(start + 1_000, logs.upperBound)).map { generator.log(at: UInt64($0)) }
            try await sink.add(MessagePage(messages, hour: window.hour ?? .none))
        }
    }
}
