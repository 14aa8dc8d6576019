import Glibc
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

    var checkpoint: String? { path.map { $0 + ".checkpoint.json" } }
    var scrolls: String? { path.map { $0 + ".scrolls" } }

    /// Opens and locks what `--output` names. Nothing of it is changed yet.
    ///
    /// - Throws: `usage` if it is in use or is a folder, `output` if it cannot be written.
    init(_ settings: Settings) throws(CommandError) {
        guard let output = settings[Options.output] else { throw .usage("--output is missing") }
        let given = settings[Options.manifest]
        guard output != "-" else {
            (descriptor, path, name, manifest) = (STDOUT_FILENO, nil, "standard output", given)
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
        descriptor = open(output, (isFile ? O_RDWR | O_CREAT : O_WRONLY) | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw OutputFault.of(output, errno) }
        path = isFile ? output : nil
        manifest = given ?? (isFile ? output + ".manifest.json" : nil)
        guard !isFile || flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw .usage(
                "\(output) is in use by another process", remedy: "wait until it ends, or give another --output")
        }
    }

    deinit {
        if descriptor != STDOUT_FILENO { close(descriptor) }
    }

    // MARK: How it starts

    enum Start: Sendable {
        /// With an empty output.
        case new
        /// Where an earlier run was cut off.
        case resumed(ExtractionCheckpoint)
        /// There is nothing to do.
        case finished
    }

    /// Decides by `--resume`, `--overwrite` and what is there; empties the output where it starts anew.
    ///
    /// - Parameter fingerprint: which documents are wanted.
    /// - Throws: `usage` if there is something that nobody said what to do with, or of another query.
    func start(_ settings: Settings, _ fingerprint: [String: String]) throws(CommandError) -> Start {
        guard let path, let checkpoint else {
            if settings[Options.resume] {
                throw .usage(
                    "\(name) is a stream, which --resume cannot go on with", remedy: "give --output the name of a file")
            }
            return .new
        }
        if settings[Options.overwrite] {
            // What proves or describes the old content goes before it.
            if let manifest { unlink(manifest) }
            unlink(checkpoint)
            if ftruncate(descriptor, 0) != 0 || fchmod(descriptor, 0o600) != 0 { throw OutputFault.of(path, errno) }
            return .new
        }
        let unfinished = try ExtractionCheckpoint.read(checkpoint)
        guard settings[Options.resume] else {
            if unfinished != nil {
                throw .usage("\(path) holds an unfinished run", remedy: "--resume goes on, --overwrite starts anew")
            }
            if size > 0 {
                throw .usage(
                    "\(path) is there already", remedy: "give another --output, or --overwrite to replace it")
            }
            return .new
        }
        if let unfinished {
            try ExtractionFingerprint.check(unfinished.settings, fingerprint, of: path)
            return .resumed(unfinished)
        }
        return size == 0 ? .new : try finished(path, settings, fingerprint)
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
