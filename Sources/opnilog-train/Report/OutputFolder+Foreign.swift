import FoundationEssentials
import Glibc

extension OutputFolder {
    /// Throws `usage` where a file that a run would replace was written by another program: the names are common ones.
    func refuseForeign() throws(CommandError) {
        for file in File.allCases where holds(file) && !isOurs(file) {
            throw .usage(
                "\(path) holds a \(file.rawValue) that this program did not write",
                remedy: "give another --output, or --overwrite to replace it")
        }
    }

    private func isOurs(_ file: File) -> Bool {
        let bytes = SmallFile.head(path(of: file))
        let lines = bytes.split(separator: UInt8(ascii: "\n"), maxSplits: 3).map { String(decoding: $0, as: UTF8.self) }
        switch file {
        case .manifest: return Manifest.read(path(of: file)) != nil
        case .cardData: return isCard
        case .card: return lines.first?.hasPrefix("# " + ModelCard.kind) ?? false
        case .vocabulary: return lines.dropFirst(2).first == "<PAD>"
        // A run may have ended before it had anything to say there.
        case .metrics: return lines.first.map { MetricsLine(Array($0.utf8)[...]).isKnown } ?? true
        case .memory: return lines.first.map { $0 == MemoryLog.header } ?? true
        // Where these would be replaced they are refused whoever wrote them.
        case .model, .table: return true
        }
    }

    /// By what a folder is known to be a run's; nil if it is not. A manifest of another program's has the same name.
    static func resultOfRun(in folder: String) -> File? {
        func path(_ file: File) -> String { folder + "/" + file.rawValue }
        if Manifest.read(path(.manifest)) != nil { return .manifest }
        return access(path(.model), F_OK) == 0 ? .model : nil
    }

    /// Whole, since a card has a line an epoch.
    private var isCard: Bool {
        guard let bytes = try? SmallFile.read(path(of: .cardData), atMost: 1 << 30) else { return false }
        return (try? JSONDecoder().decode(ModelCard.self, from: Data(bytes))) != nil
    }
}
