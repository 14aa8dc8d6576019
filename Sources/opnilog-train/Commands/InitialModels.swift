import Glibc
import LogDataset
import LogMasking
import OpniLogTraining

/// The model that `--init-from` names.
enum InitialModels {
    /// Checked before anything is read, so that hours of reading do not end in a model that does not fit.
    ///
    /// - Returns: nil if none is named.
    /// - Throws: `usage` if its mask rules are others than the run's, or it lies in the output folder; `badModel` if
    ///   one of its files cannot be read.
    static func of(_ settings: Settings, _ console: Console) async throws -> InitialModel? {
        guard let folder = settings[Options.initFrom] else { return nil }
        if let output = settings[Options.output], isSame(folder, output) {
            throw CommandError.usage(
                "--init-from \(folder) is the output folder, whose model the run replaces",
                remedy: "give another --output; a run that goes on needs the model that it began with")
        }
        let model = try InitialModel(folder)
        let remedy: ([String]) -> String = { _ in "leave --init-from out, or give a model of the same masks" }
        if try LogOrigin(settings, of: .train) == .table, let path = settings[Options.table] {
            let table = try TableFiles.open(path).metadata
            try ModelRules.check(table.rulesDigest, table.maskNames ?? [], model: folder, console, remedy: remedy)
        } else {
            let rules = try MaskFile.settings(settings).rules
            try ModelRules.check(
                rules.digest, rules.customMasks.map(\.name), model: folder, console, remedy: remedy)
        }
        // A run that goes on replaces nothing, and one that is finished asks for no libtorch; the trainer looks then.
        if !settings[Options.resume] {
            var configuration = TrainerSettings.configuration(settings)
            configuration.initialModel = model
            try await withTrainer(configuration) { _ in }
        }
        return model
    }

    /// SHA-256 over both files, which says whether they are those of an earlier run without any libtorch.
    static func fileDigest(_ folder: String) throws(CommandError) -> String {
        let digest = SHA256()
        for file in [OutputFolder.File.model, .vocabulary] {
            let path = "\(folder)/\(file.rawValue)"
            do throws(SmallFile.Failure) {
                try SmallFile.read(path, atMost: 1 << 30).withUnsafeBytes { digest.update($0) }
            } catch {
                throw CommandError(
                    .noUsableLog, "\(path) cannot be read: \(error.reason)",
                    remedy: "give --init-from the folder of a model and its vocabulary")
            }
        }
        return digest.finish().hexadecimal
    }

    private static func isSame(_ one: String, _ other: String) -> Bool {
        var (first, second) = (stat(), stat())
        guard stat(one, &first) == 0, stat(other, &second) == 0 else { return false }
        return first.st_dev == second.st_dev && first.st_ino == second.st_ino
    }
}
