import CAllocationCount
@preconcurrency import Glibc
import LogMasking

/// Times the masker as `Benchmarks/mask.py` asks: a line in, a line out.
///
/// - `load FILE`: takes the messages of a file; answers with their number.
/// - `mask ROUNDS THREADS`: masks them all; answers with nanoseconds, those of processors, and allocations.
/// - `count ROUNDS THREADS`: masks and counts them, as `collect` does; answers likewise.
/// - `write FILE`: writes the masked texts, framed as the messages are.
@main struct MaskBench {
    static func main() async throws {
        var messages: Messages?
        setvbuf(stdout, nil, _IOLBF, 0)
        while let line = readLine() {
            let words = line.split(separator: " ").map(String.init)
            if words[0] == "load" {
                messages = Messages(path: words[1])
                print(messages?.spans.count ?? 0)
                continue
            }
            guard let messages else { fatalError("load comes first") }
            if words[0] == "write" {
                write(messages, to: words[1])
                print("written")
                continue
            }
            guard let rounds = Int(words[1]), let threads = Int(words[2]) else { fatalError("not a number") }
            let allocations = opnilog_allocations()
            let start = ContinuousClock.now
            let startOfWork = processorTime()
            if words[0] == "mask" {
                mask(messages, rounds: rounds, threads: threads)
            } else {
                try await collect(messages, rounds: rounds, workers: threads)
            }
            let elapsed = (ContinuousClock.now - start) / .nanoseconds(1)
            print(elapsed, processorTime() - startOfWork, opnilog_allocations() - allocations)
        }
    }

    private static func processorTime() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }

    private static func mask(_ messages: Messages, rounds: Int, threads: Int) {
        var started: [pthread_t] = []
        let work = MaskWork(messages: messages, rounds: rounds)
        for _ in 1..<threads {
            var thread = pthread_t()
            let argument = Unmanaged.passRetained(work).toOpaque()
            pthread_create(
                &thread, nil,
                { argument in
                    if let argument { Unmanaged<MaskWork>.fromOpaque(argument).takeRetainedValue().run() }
                    return nil
                }, argument)
            started.append(thread)
        }
        work.run()
        for thread in started { pthread_join(thread, nil) }
    }

    private static func write(_ messages: Messages, to path: String) {
        guard let file = fopen(path, "wb") else { fatalError("\(path) cannot be written") }
        defer { fclose(file) }
        let masker = LogMasker()
        messages.forEach { message in
            masker.withMasked(message) { masked in
                var length = UInt32(masked.count).littleEndian
                fwrite(&length, 4, 1, file)
                fwrite(masked.baseAddress, 1, masked.count, file)
            }
        }
    }
}

/// What each thread does.
final class MaskWork: Sendable {
    private let messages: Messages
    private let rounds: Int

    init(messages: Messages, rounds: Int) {
        self.messages = messages
        self.rounds = rounds
    }

    func run() {
        let masker = LogMasker()
        var bytes = 0
        for _ in 0..<rounds {
            messages.forEach { message in masker.withMasked(message) { bytes &+= $0.count } }
        }
        precondition(bytes >= 0)
    }
}
