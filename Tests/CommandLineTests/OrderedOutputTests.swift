import Synchronization
import Testing

@testable import opnilog_train

@Suite(.timeLimit(.minutes(30)))
struct OrderedOutputTests {
    private final class Written: Sendable {
        let bytes = Mutex<[UInt8]>([])
        let weights = Mutex(0)
    }

    @Test("pieces come out in the order of their numbers, whichever is ready first")
    func order() async throws {
        let written = Written()
        let output = OrderedOutput<[UInt8]> { bytes in
            written.bytes.withLock { $0 += bytes }
        } onWritten: { weight in
            written.weights.withLock { $0 += weight }
        }
        for number in [2, 1] { try await output.put([UInt8(number)], at: number, weight: number) }
        #expect(written.bytes.withLock { $0 }.isEmpty)
        try await output.put([0], at: 0, weight: 10)
        #expect(written.bytes.withLock { $0 } == [0, 1, 2])
        #expect(written.weights.withLock { $0 } == 13)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in (3..<200).reversed() {
                group.addTask { try await output.put([UInt8(number)], at: number, weight: 0) }
            }
            try await group.waitForAll()
        }
        #expect(written.bytes.withLock { $0 } == (0..<200).map { UInt8($0) })
    }

    @Test("an output that cannot be written is the error of whoever writes")
    func failure() async throws {
        let full: OrderedOutput<[UInt8]>.Write = { _ in throw CommandError(.output, "full") }
        let output = OrderedOutput(full) { _ in }
        await #expect(throws: CommandError.self) { try await output.put([0], at: 0, weight: 1) }
    }
}
