import FoundationEssentials
import Glibc
import Synchronization

/// What becomes known while a run goes on, one JSON object a line; readable while it is written.
final class MetricsLog: Sendable {
    private let descriptor: Int32
    private let path: String
    private let fault = Mutex<CommandError?>(nil)

    /// Makes the file anew, readable by its owner only.
    init(in output: OutputFolder) throws(CommandError) {
        path = output.path(of: .metrics)
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw OutputFault.of(path, errno) }
        // One that was there already may have been open to others.
        fchmod(descriptor, 0o600)
    }

    deinit { close(descriptor) }

    func append(_ value: some Encodable) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(value) else { return }
        guard let number = Descriptor.write(Array(data) + [UInt8(ascii: "\n")], to: descriptor) else { return }
        fault.withLock { $0 = $0 ?? OutputFault.of(path, number) }
    }

    /// Throws if a line could not be written; the run itself need not stop for it.
    func check() throws(CommandError) {
        if let error = fault.withLock({ $0 }) { throw error }
    }
}
