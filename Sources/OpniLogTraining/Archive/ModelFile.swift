import Glibc
import LogDataset

/// The files of a delivered model, and how they reach the disk.
package enum ModelFile {
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
        let partial = partial(of: path)
        defer { unlink(partial) }
        try write(partial, body)
        try move(partial, to: path)
        synchroniseFolder(of: path)
    }

    /// Replaces a model and its vocabulary in a folder. Words beside another model's numbers would score without a word
    /// of warning, so both are whole and on the disk before the first is moved, and the old model goes before: who is
    /// killed in between leaves no model, and who reads then finds none.
    ///
    /// - Parameters:
    ///   - directory: A folder that is there.
    ///   - body: Writes the model to the descriptor.
    /// - Throws: `unwritable`, or what `body` throws; but for a disk that fails between the renames, the files that stood
    ///   there are then unchanged.
    static func replacePair(
        in directory: String, _ vocabulary: Vocabulary, _ body: (Int32) throws(TrainingError) -> Void
    ) throws(TrainingError) {
        let (model, words) = ("\(directory)/\(name)", "\(directory)/\(vocabularyName)")
        removeLeftovers(in: directory)
        let (partialModel, partialWords) = (partial(of: model), partial(of: words))
        defer {
            unlink(partialWords)
            unlink(partialModel)
        }
        do throws(DatasetError) {
            try vocabulary.write(to: partialWords)
        } catch {
            throw TrainingError(.unwritable, "The vocabulary could not be saved.", cause: error)
        }
        try write(partialModel, body)
        // What cannot be replaced must be found before anything is: a folder, or a model that is not ours to remove.
        if isFolder(words) { throw unwritable(words, EISDIR) }
        guard unlink(model) == 0 || errno == ENOENT else { throw unwritable(model, errno) }
        try move(partialWords, to: words)
        try move(partialModel, to: model)
        synchroniseFolder(of: model)
    }

    private static func partial(of path: String) -> String { "\(path).partial-\(getpid())" }

    /// Removes what processes left that were killed while they wrote: it holds words of people's logs.
    package static func removeLeftovers(in directory: String) {
        for name in Folder.names(directory) ?? [] where isLeftover(name) { unlink("\(directory)/\(name)") }
    }

    /// A partial file, or what a write of that one was cut off at.
    private static func isLeftover(_ name: String) -> Bool {
        [Self.name, vocabularyName].contains { target in
            let prefix = target + ".partial-"
            let number = name.dropFirst(prefix.count).prefix(while: \.isNumber)
            guard name.hasPrefix(prefix), !number.isEmpty else { return false }
            let partial = prefix + number
            return name == partial || PartialFile.isName(name, of: partial)
        }
    }

    /// Writes a new file and brings it to disk.
    private static func write(_ path: String, _ body: (Int32) throws(TrainingError) -> Void) throws(TrainingError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw unwritable(path, errno) }
        defer { close(descriptor) }
        try body(descriptor)
        guard fsync(descriptor) == 0 else { throw unwritable(path, errno) }
    }

    private static func move(_ partial: String, to path: String) throws(TrainingError) {
        guard rename(partial, path) == 0 else { throw unwritable(path, errno) }
    }

    private static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Without this a power cut may undo the rename. Some file systems refuse it, which is no reason to fail.
    private static func synchroniseFolder(of path: String) {
        let folder = path.lastIndex(of: "/").map { path[..<$0] } ?? "."
        let descriptor = open(folder.isEmpty ? "/" : String(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    private static func unwritable(_ path: String, _ number: Int32) -> TrainingError {
        TrainingError(
            .unwritable,
            "\(path) cannot be written: \(String(cString: strerror(number))); look at the disk and the rights.")
    }
}
