import FoundationEssentials
import Glibc
import LogDataset
import LogMasking

/// The rules that a model was made with, as its manifest tells.
enum ModelRules {
    /// What of a manifest is looked at here; a later form that has more is read too.
    private struct Made: Decodable {
        struct Table: Decodable {
            let rulesDigest: String
            let maskNames: [String]?
        }

        let table: Table?
    }

    /// Scores mean nothing for texts that were masked by other rules.
    ///
    /// - Throws: `usage` if the model in the folder was made with other rules than `rules`.
    static func check(_ rules: MaskRuleSet, model folder: String, _ console: Console) throws(CommandError) {
        let own = rules.customMasks.map(\.name)
        try check(rules.digest, own, model: folder, console) { names in
            names.isEmpty ? "leave --masks out, or train anew" : "give --masks the file it was trained with"
        }
    }

    /// - Parameters:
    ///   - digest: of this run's rules.
    ///   - own: the names of the operator's own masks among them.
    ///   - remedy: what to do about others, by the names of the model's own masks.
    /// - Throws: `usage` if the model in the folder was made with other rules.
    static func check(
        _ digest: String, _ own: [String], model folder: String, _ console: Console, remedy: ([String]) -> String
    ) throws(CommandError) {
        let path = folder + "/" + OutputFolder.File.manifest.rawValue
        guard let made = try table(path) else {
            if !own.isEmpty {
                console.note("\(folder) has no manifest, so nothing tells whether its model was made with these masks")
            }
            return
        }
        guard made.rulesDigest != digest else { return }
        let names = made.maskNames ?? []
        let difference =
            names == own
            ? "the patterns, tokens or built-in rules differ from this run's"
            : "it has \(listed(names)), this run has \(listed(own))"
        throw .usage(
            "the model in \(folder) was made with other mask rules: \(difference)", remedy: remedy(names))
    }

    /// What a manifest says of its table; nil where there is no manifest, or none of a table.
    private static func table(_ path: String) throws(CommandError) -> Made.Table? {
        if access(path, F_OK) != 0 { return nil }
        if let bytes = try? SmallFile.read(path, atMost: 1 << 30),
            let made = try? JSONDecoder().decode(Made.self, from: Data(bytes))
        {
            return made.table
        }
        throw CommandError(
            .noUsableLog,
            "\(path) is damaged, or no manifest: nothing tells by which rules the model's logs were masked",
            remedy: "fetch the file again, or remove it to go without")
    }

    private static func listed(_ names: [String]) -> String {
        names.isEmpty ? "no masks but the built-in ones" : "the masks " + names.joined(separator: ", ")
    }
}
