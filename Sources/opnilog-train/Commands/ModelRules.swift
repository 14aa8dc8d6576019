import FoundationEssentials
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
        let path = folder + "/" + OutputFolder.File.manifest.rawValue
        guard let bytes = try? SmallFile.read(path, atMost: 64 << 20),
            let made = try? JSONDecoder().decode(Made.self, from: Data(bytes)).table
        else {
            if !rules.isBuiltIn {
                console.note("\(folder) has no manifest, so nothing tells whether its model was made with these masks")
            }
            return
        }
        guard made.rulesDigest != rules.digest else { return }
        let names = made.maskNames ?? []
        let own = rules.customMasks.map(\.name)
        let difference =
            names == own
            ? "the patterns, tokens or built-in rules differ from this run's"
            : "it has \(listed(names)), this run has \(listed(own))"
        throw .usage(
            "the model in \(folder) was made with other mask rules: \(difference)",
            remedy: names.isEmpty ? "leave --masks out, or train anew" : "give --masks the file it was trained with")
    }

    private static func listed(_ names: [String]) -> String {
        names.isEmpty ? "no masks but the built-in ones" : "the masks " + names.joined(separator: ", ")
    }
}
