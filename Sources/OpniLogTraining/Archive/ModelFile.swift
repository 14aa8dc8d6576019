import Glibc

/// The files of a delivered model, and how they reach the disk.
enum ModelFile {
    /// Name of the model's file; the original's service asks for this one.
    static let name = "nulog_model_latest.pt"
    /// Name of the vocabulary's file.
    static let vocabularyName = "vocab.txt"

    /// What the file says of the training beside the tensors.
    struct Settings: Sendable {
        var epochs: Int
        var loss: Double
        var learningRate: Double
        var weightDecay: Double
    }

    /// Writes a file that is whole or not there: beside its place first, to the disk, then renamed. Only its owner can
    /// read it, because a vocabulary and a model hold words of people's logs.
    ///
    /// - Parameters:
    ///   - path: The file; one that stands there already is replaced.
    ///   - body: Writes to the descriptor.
    /// - Throws: `unwritable`, or what `body` throws.
    static func replace(_ path: String, _ body: (Int32) throws(TrainingError) -> Void) throws(TrainingError) {
        let partial = "\(path).partial-\(getpid())"
        let descriptor = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw unwritable(partial) }
        do throws(TrainingError) {
            defer { close(descriptor) }
            try body(descriptor)
            guard fsync(descriptor) == 0 else { throw unwritable(partial) }
        } catch {
            unlink(partial)
            throw error
        }
        guard rename(partial, path) == 0 else {
            let failure = unwritable(path)
            unlink(partial)
            throw failure
        }
        synchroniseFolder(of: path)
    }

    /// Without this a power cut may undo the rename. Some file systems refuse it, which is no reason to fail.
    private static func synchroniseFolder(of path: String) {
        let folder = path.lastIndex(of: "/").map { path[..<$0] } ?? "."
        let descriptor = open(folder.isEmpty ? "/" : String(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    private static func unwritable(_ path: String) -> TrainingError {
        TrainingError(
            .unwritable,
            "\(path) cannot be written: \(String(cString: strerror(errno))); look at the disk and the rights.")
    }
}
