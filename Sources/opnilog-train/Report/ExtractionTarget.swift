import Glibc
import LogDataset
import OpenSearchScroll

/// Where an extraction writes to: a file, locked and readable by its owner only, from which a later run can go on; or a
/// stream, from which none can.
final class ExtractionTarget: Sendable {
    let descriptor: Int32
    /// The file; nil for a stream.
    let path: String?
    /// What errors call it.
    let name: String
    /// Where the proof goes; nil: nowhere.
    let manifest: String?
    /// Whether this run made the file.
    private let isMade: Bool

    var checkpoint: String? { path.map { $0 + ".checkpoint.json" } }
    var scrolls: String? { path.map { $0 + ".scrolls" } }

    /// Opens and locks what `--output` names. Nothing of it is changed yet.
    ///
    /// - Throws: `usage` if it is in use or is a folder, or if the manifest cannot be a file of its own; `output` if it
    ///   cannot be written.
    init(_ settings: Settings) throws(CommandError) {
        guard let output = settings[Options.output] else { throw .usage("--output is missing") }
        let given = settings[Options.manifest]
        guard output != "-" else {
            manifest = try Self.resolved(given)
            (descriptor, path, name, isMade) = (STDOUT_FILENO, nil, "standard output", false)
            try checkManifestFolder()
            return
        }
        name = output
        var status = stat()
        let isThere = stat(output, &status) == 0
        let kind = status.st_mode & S_IFMT
        if isThere, kind == S_IFDIR {
            throw .usage("--output \(output) is a folder", remedy: "give the name of a file")
        }
        let isFile = !isThere || kind == S_IFREG
        manifest = try Self.resolved(given ?? (isFile ? output + ".manifest.json" : nil))
        (descriptor, isMade) = Self.opened(output, isThere: isThere, isFile: isFile)
        guard descriptor >= 0 else { throw OutputFault.of(output, errno) }
        path = isFile ? output : nil
        // From here on `deinit` closes the file, also after a throw.
        try lock(output)
        do throws(CommandError) {
            try checkOwnFiles()
            try checkManifestFolder()
        } catch {
            dropUnused()
            throw error
        }
        removeLeftovers()
    }

    private static func opened(_ output: String, isThere: Bool, isFile: Bool) -> (descriptor: Int32, isMade: Bool) {
        let new = isThere ? -1 : open(output, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if new >= 0 { return (new, true) }
        return (open(output, (isFile ? O_RDWR | O_CREAT : O_WRONLY) | O_CLOEXEC, 0o600), false)
    }

    /// Throws `usage` if another process has the file, or had it and has just removed it.
    private func lock(_ output: String) throws(CommandError) {
        guard path != nil else { return }
        var (own, named) = (stat(), stat())
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, fstat(descriptor, &own) == 0, stat(output, &named) == 0,
            own.st_ino == named.st_ino, own.st_dev == named.st_dev
        else {
            throw .usage(
                "\(output) is in use by another process", remedy: "wait until it ends, or give another --output")
        }
    }

    /// Removes a file that this run made and has not begun, so that a run that failed at its start leaves nothing.
    func dropUnused() {
        guard isMade, let path, let checkpoint, size == 0, access(checkpoint, F_OK) != 0 else { return }
        unlink(path)
    }

    deinit {
        if descriptor != STDOUT_FILENO { close(descriptor) }
    }

    /// Removes what a run that was killed was writing beside the output.
    private func removeLeftovers() {
        for path in [manifest, checkpoint].compactMap(\.self) { AtomicFile.removeLeftovers(of: path) }
        if let scrolls { PartialFile.removeLeftovers(of: [String(Folder.name(scrolls))], in: Folder.of(scrolls)) }
    }

    // MARK: Where the proof goes

    private static func resolved(_ manifest: String?) throws(CommandError) -> String? {
        guard let manifest else { return nil }
        return try AtomicFile.resolved(manifest)
    }

    /// The proof would take the place of what the run keeps in these.
    private func checkOwnFiles() throws(CommandError) {
        guard let manifest, let path, let checkpoint, let scrolls else { return }
        let place = AtomicFile.canonical(manifest)
        for own in [path, checkpoint, scrolls] where AtomicFile.canonical(own) == place {
            throw .usage(
                "--manifest names \(own), which the run itself writes", remedy: "give another --manifest")
        }
    }

    /// A proof that cannot be written would be missed only after everything was read.
    private func checkManifestFolder() throws(CommandError) {
        guard let manifest else { return }
        let folder = AtomicFile.split(manifest).folder
        guard access(folder.isEmpty ? "/" : folder, W_OK | X_OK) != 0 else { return }
        throw CommandError(
            .output, "\(manifest) cannot be written: \(SystemCall.text(errno))", remedy: "give another --manifest")
    }

    private var hasManifest: Bool { manifest.map { access($0, F_OK) == 0 } ?? false }

    /// Throws `usage` if something has the manifest's name, which may be all that proves another extraction.
    private func refuseManifest() throws(CommandError) {
        guard let manifest, hasManifest else { return }
        throw .usage(
            "\(manifest) is there already", remedy: "give another --manifest, or --overwrite to replace it")
    }

    /// Throws `usage` if the manifest that is there is not of an earlier run of this extraction.
    private func checkManifest(of checkpoint: ExtractionCheckpoint) throws(CommandError) {
        guard let manifest, hasManifest else { return }
        let proof = try? ExtractionManifest.read(manifest)
        guard proof?.startedAt == ISO8601.text(checkpoint.startedAt) else {
            throw .usage(
                "\(manifest) is there already, and is not of the run that goes on",
                remedy: "give another --manifest, or --overwrite to start anew")
        }
    }

    // MARK: How it starts

    enum Start: Sendable {
        /// With an empty output, once `empty` has been called.
        case new
        /// Where an earlier run was cut off.
        case resumed(ExtractionCheckpoint)
        /// There is nothing to do.
        case finished
    }

    /// Decides by `--resume`, `--overwrite` and what is there. Nothing of it is changed yet.
    ///
    /// - Parameter fingerprint: which documents are wanted.
    /// - Throws: `usage` if there is something that nobody said what to do with, or of another query.
    func start(_ settings: Settings, _ fingerprint: [String: String]) throws(CommandError) -> Start {
        guard let path, let checkpoint else {
            if settings[Options.resume] {
                throw .usage(
                    "\(name) is a stream, which --resume cannot go on with", remedy: "give --output the name of a file")
            }
            if !settings[Options.overwrite] { try refuseManifest() }
            return .new
        }
        if settings[Options.overwrite] { return .new }
        let unfinished = try ExtractionCheckpoint.read(checkpoint)
        guard settings[Options.resume] else {
            if unfinished != nil {
                throw .usage("\(path) holds an unfinished run", remedy: "--resume goes on, --overwrite starts anew")
            }
            if size > 0 {
                throw .usage(
                    "\(path) is there already", remedy: "give another --output, or --overwrite to replace it")
            }
            try refuseManifest()
            return .new
        }
        if let unfinished {
            try ExtractionFingerprint.check(unfinished.settings, fingerprint, of: path)
            try checkManifest(of: unfinished)
            return .resumed(unfinished)
        }
        // A manifest may prove that there was nothing to write.
        return size == 0 && !hasManifest ? .new : try finished(path, settings, fingerprint)
    }

    /// Begins the output anew, for its owner only. To be called last, since what was there is gone afterwards.
    ///
    /// - Throws: `output` if that fails.
    func empty() throws(CommandError) {
        guard let path, let checkpoint else { return }
        // What proves or describes the old content goes before it.
        if let manifest { unlink(manifest) }
        unlink(checkpoint)
        if ftruncate(descriptor, 0) != 0 || fchmod(descriptor, 0o600) != 0 { throw OutputFault.of(path, errno) }
    }

    /// An output without a checkpoint is finished, if its manifest says so.
    private func finished(
        _ path: String, _ settings: Settings, _ fingerprint: [String: String]
    ) throws(CommandError) -> Start {
        guard let manifest, access(manifest, F_OK) == 0 else {
            throw .usage(
                "\(path) is there already, without the checkpoint of an unfinished run",
                remedy: "give another --output, or --overwrite to replace it")
        }
        let proof = try ExtractionManifest.read(manifest)
        try ExtractionFingerprint.check(proof.settings, fingerprint, of: path)
        guard proof.totals.bytes == size else {
            throw .usage(
                "\(path) has \(size) bytes, but \(proof.totals.bytes) by its manifest",
                remedy: "--overwrite starts anew")
        }
        return .finished
    }

    private var size: Int {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
    }

    // MARK: Going on

    /// Looks through what may not be committed, cuts off a torn end, and puts the file's position after the rest.
    ///
    /// - Returns: what stands there.
    /// - Throws: `usage` if the output is not what the checkpoint says.
    func recover(_ checkpoint: ExtractionCheckpoint) throws(CommandError) -> DocumentLineScan {
        let (start, trusted) = (checkpoint.scanFrom, checkpoint.output.bytes)
        guard size >= trusted, start <= trusted, start >= 0 else {
            throw .usage(
                "\(name) has \(size) bytes, fewer than the \(trusted) that its checkpoint knows of",
                remedy: "--overwrite starts anew")
        }
        guard let scan = try scan(from: start, trusted: trusted - start) else {
            throw .usage(
                "\(name) holds something else than its checkpoint says", remedy: "--overwrite starts anew")
        }
        let end = start + scan.bytes
        guard ftruncate(descriptor, off_t(end)) == 0, lseek(descriptor, off_t(end), SEEK_SET) == off_t(end) else {
            throw OutputFault.of(name, errno)
        }
        return scan
    }

    private func scan(from start: Int, trusted: Int) throws(CommandError) -> DocumentLineScan? {
        let page = sysconf(Int32(_SC_PAGESIZE))
        let aligned = start / page * page
        let length = size - aligned
        guard size > start else { return DocumentLineScan(UnsafeRawBufferPointer(start: nil, count: 0), trusted: 0) }
        guard let map = mmap(nil, length, PROT_READ, MAP_PRIVATE, descriptor, off_t(aligned)), map != MAP_FAILED else {
            throw OutputFault.of(name, errno)
        }
        defer { munmap(map, length) }
        madvise(map, length, Int32(MADV_SEQUENTIAL))
        let text = UnsafeRawBufferPointer(start: map + (start - aligned), count: size - start)
        return DocumentLineScan(text, trusted: trusted)
    }
}
