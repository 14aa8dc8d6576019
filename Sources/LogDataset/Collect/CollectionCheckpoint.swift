import FoundationEssentials
import Glibc

/// What a run leaves from its first moment so that a later one can go on with it: when it began, and every setting that
/// must be the same then. The windows it has read stand beside it in its `buckets` folder.
public struct CollectionCheckpoint: Sendable, Codable, Equatable {
    /// The folder, inside the output folder, of all that a later run goes on with.
    public static let folderName = "buckets"
    /// The folder, inside the output folder, of what a complete run keeps for a later one to take over.
    public static let hoursFolderName = "hours"

    /// The form this program writes; a larger one is refused.
    static let format = 1
    static let fileName = "checkpoint.json"
    /// A longer setting is kept as its digest, so that the file stays small.
    private static let longestText = 256

    private var format = CollectionCheckpoint.format
    /// When the run began, in milliseconds since 1970: a time given as "24 hours ago" means the same when it goes on.
    public let startedAt: Int64
    /// The settings by name; long texts as their digest.
    public private(set) var settings: [String: String]

    /// The checkpoint of a run that begins.
    ///
    /// - Parameters:
    ///   - startedAt: milliseconds since 1970.
    ///   - settings: what must be equal when the run goes on, by the names that its user knows. No secrets. The
    ///     source's name and the mask rules are added by the reading itself.
    public init(startedAt: Int64, settings: [String: String] = [:]) {
        self.startedAt = startedAt
        self.settings = settings.mapValues(Self.shortened)
    }

    /// The checkpoint of the unfinished run in an output folder; nil if there is none.
    ///
    /// - Throws: `DatasetError` if it cannot be read, is damaged, or was written by a newer opnilog.
    public static func read(in directory: String) throws(DatasetError) -> CollectionCheckpoint? {
        try read(BucketFolder(in: directory))
    }

    private static func read(_ folder: BucketFolder) throws(DatasetError) -> CollectionCheckpoint? {
        switch try look(in: folder) {
        case nil: return nil
        case .success(let checkpoint): return checkpoint
        case .failure(let fault): throw DatasetError(.corruptFile, "\(fault.what); \(fault.remedy)")
        }
    }

    /// Why a checkpoint that is there is of no use, and what to do about it in the run's own folder.
    struct Fault: Error {
        let what: String
        let remedy: String
    }

    /// The checkpoint of a folder, or what is wrong with it; nil if there is none.
    static func look(in folder: BucketFolder) throws(DatasetError) -> Result<CollectionCheckpoint, Fault>? {
        let path = folder.path(of: fileName)
        guard access(path, F_OK) == 0 else { return nil }
        let bytes = try WholeFile.read(path)
        guard let checkpoint = try? JSONDecoder().decode(CollectionCheckpoint.self, from: Data(bytes)) else {
            let remedy = "start anew, which removes it (opnilog-train: --overwrite)"
            return .failure(Fault(what: "\(path) is damaged", remedy: remedy))
        }
        guard checkpoint.format <= format else {
            let what = "\(path) has format \(checkpoint.format), newer than this opnilog reads (\(format))"
            return .failure(Fault(what: what, remedy: "go on with the opnilog that wrote it, or start anew"))
        }
        return .success(checkpoint)
    }

    /// Removes everything that a later run could have gone on with: the last step of a run that is complete.
    ///
    /// - Parameter directory: the output folder, whose lock the caller holds.
    public static func discard(in directory: String) { BucketFolder(in: directory).remove() }

    /// Makes sure, before anything is read, that the folders that a run makes, replaces and removes in its output
    /// folder hold nothing of anybody else's.
    ///
    /// - Parameter directory: the output folder, whose lock the caller holds.
    /// - Throws: `DatasetError`, `invalidSetting`, if one does.
    public static func checkFolders(in directory: String) throws(DatasetError) {
        let hours = hours(in: directory)
        for folder in [BucketFolder(in: directory), hours, hours.old] { try folder.checkOwn() }
    }

    /// Keeps what a complete run has read as `hours`, for a later run to take over (``DatasetConfiguration/reuse``).
    /// What an earlier run had kept there goes.
    ///
    /// - Parameter directory: the output folder, whose lock the caller holds.
    /// - Throws: `DatasetError` if somebody else's files are in that folder, or it cannot be replaced; what was kept
    ///   and what was read are then where they were.
    public static func keepHours(in directory: String) throws(DatasetError) {
        let folder = BucketFolder(in: directory)
        guard access(folder.path(of: fileName), F_OK) == 0 else {
            // An earlier run was killed when all was done but this.
            hours(in: directory).old.remove()
            return
        }
        try folder.replace(hours(in: directory))
    }

    /// Removes what a run has kept for later ones to take over.
    ///
    /// - Parameter directory: the output folder, whose lock the caller holds.
    public static func discardHours(in directory: String) {
        hours(in: directory).remove()
        hours(in: directory).old.remove()
    }

    private static func hours(in directory: String) -> BucketFolder {
        BucketFolder(path: "\(directory)/\(hoursFolderName)")
    }

    func write(in directory: String) throws(DatasetError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        guard let json = try? [UInt8](encoder.encode(self)) else {
            fatalError("a checkpoint of integers and texts always encodes")
        }
        try WholeFile.write(json, to: BucketFolder(in: directory).path(of: Self.fileName))
    }

    /// With a setting more.
    func adding(_ name: String, _ text: String) -> Self {
        var checkpoint = self
        checkpoint.settings[name] = Self.shortened(text)
        return checkpoint
    }

    /// Refuses to go on with other settings than `earlier` had, naming the first that differs.
    func check(against earlier: Self, in directory: String) throws(DatasetError) {
        if let name = differences(from: earlier).first {
            let (before, now) = (earlier.settings[name], settings[name])
            throw DatasetError(
                .invalidSetting,
                "the unfinished run in \(directory) has another \(name): \(Self.shown(before)) there, \(Self.shown(now)) "
                    + "now; go on with the settings it began with, or start anew (opnilog-train: --overwrite)")
        }
    }

    /// Names of the settings that are other ones than `earlier` had.
    func differences(from earlier: Self) -> [String] {
        Set(settings.keys).union(earlier.settings.keys).filter { settings[$0] != earlier.settings[$0] }.sorted()
    }

    private static func shown(_ text: String?) -> String { text.map { "\"\($0)\"" } ?? "none" }

    private static func shortened(_ text: String) -> String {
        guard text.utf8.count > longestText else { return text }
        let digest = SHA256()
        digest.update(text)
        return "sha256 " + digest.finish().hexadecimal
    }
}
