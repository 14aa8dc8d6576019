import LogDataset
import OpniLogTraining

extension ModelCard {
    /// The card for people.
    var markdown: String {
        let parts: [(title: String, body: String)] = [
            ("Data", list(dataLines)), ("Masking and vocabulary", list(maskingLines)),
            ("Draw and recipe", list(recipeLines)), ("Figures", figures), ("Limits", list(limits)),
            ("How it was computed", list(computingLines)), ("Licence", sentence(licence)),
        ]
        let head =
            "# \(name)\n\nMade by \(program.name) \(program.version), \(createdAt). The two files "
            + "`\(OutputFolder.File.model.rawValue)` and `\(OutputFolder.File.vocabulary.rawValue)` are loaded by Opni's "
            + "inference service and by `opnilog-train score`.\n"
        return parts.reduce(head) { $0 + "\n## \($1.title)\n\n\($1.body)\n" }
    }

    private func list(_ lines: [String]) -> String { lines.map { "- " + $0 }.joined(separator: "\n") }

    private func sentence(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() + "." }

    /// A source as it was named, whose letters are not ours to change; `-` says nothing to a reader.
    static func shown(source: String) -> String {
        source.split(separator: ", ").map { $0 == "-" ? "standard input" : $0 }.joined(separator: ", ")
    }

    private var dataLines: [String] {
        var lines = ["Source: \(Self.shown(source: data.source))."]
        if let since = data.since { lines.append("Since \(since)\(data.until.map { ", until \($0)" } ?? "").") }
        if let query = data.query { lines.append("By a query whose SHA-256 is \(query).") }
        if let times = data.times {
            lines.append(
                "Times of the logs: \(times.from) to \(times.to); \(Figures.grouped(Int(times.untimedLines))) lines have "
                    + "none.")
        }
        lines.append(
            "\(Figures.grouped(Int(data.lines))) lines, \(Figures.grouped(Int(data.templates))) distinct masked texts "
                + "(templates).")
        if let passedOver = data.passedOver, passedOver > 0 {
            lines.append(
                "Not among them: \(Figures.grouped(Int(passedOver))) documents without a text in the field that was asked "
                    + "for, or lines that are no JSON.")
        }
        let method = data.heldOutBy == "hours" ? "the latest whole hours" : "a tenth of each template's"
        lines.append(
            data.heldOutLines > 0
                ? "Held out for the figures: \(Figures.grouped(Int(data.heldOutLines))) lines, \(method)."
                : "No lines are held out.")
        if data.isPartial {
            lines.append(
                "**Partial**: \(data.holes) things could not be read, or a limit ended the reading; see the manifest.")
        }
        return lines + ["Table digest \(data.tableDigest)", "Split digest \(data.splitDigest)"]
    }

    private var maskingLines: [String] {
        var lines = [
            "Mask rules \(masking.rulesDigest): "
                + (masking.customMasks.isEmpty
                    ? "the built-in ones." : "the built-in ones and \(masking.customMasks.joined(separator: ", ")).")
        ]
        if let cleaning = masking.cleaningDigest {
            lines.append("Lines were left out for what they say: cleaning \(cleaning).")
        }
        lines.append(
            "\(Figures.grouped(vocabulary.size)) words with the five reserved ones; "
                + "\(Figures.percent(vocabulary.unknownWordShare)) of all words have none of these ids.")
        return lines
    }

    private var cap: String {
        draw.templateCap < 1 ? ", none for more than \(Figures.percent(draw.templateCap)) of the lines" : ""
    }

    private var recipeLines: [String] {
        let recipe = training.recipe
        var lines = [
            "\(draw.epochs) \(draw.epochs == 1 ? "subset" : "subsets") of \(Figures.grouped(draw.samples)) logs by \(draw.law.rawValue), a template's weight "
                + "its lines to the power of \(draw.exponent.rawValue), seed \(draw.seed)\(cap).",
            "\(Figures.grouped(draw.stepsPerEpoch)) steps a subset, then a closing pass of "
                + "\(Figures.grouped(draw.closingSteps)) steps over all lines.",
            "Recipe `\(recipe.name)`: Adam with a rate of \(recipe.peakLearningRate), warm-up over "
                + "\(Figures.percent(recipe.warmUpShare)) of the steps, then "
                + "\(recipe.decays ? "falling to zero" : "constant"); weight decay \(recipe.weightDecay), "
                + "\(recipe.gradientNormLimit.map { "gradients no longer than \($0), " } ?? "")"
                + "dropout \(recipe.dropout), \(Figures.percent(recipe.unknownShare)) of context words shown as unknown; seed \(training.seed).",
        ]
        if let initial = training.initialModel {
            let optimiser =
                initial.optimiserSteps > 0
                ? "its optimiser's state of \(Figures.grouped(initial.optimiserSteps)) steps was taken"
                : "its optimiser began anew"
            lines.append(
                "Trained on from the model \(initial.tensorDigest) of \(Figures.grouped(initial.words)) words, to which "
                    + "\(Figures.grouped(initial.addedWords)) were added; \(optimiser).")
        }
        return lines
    }

    private var figures: String {
        var rows = ["| on | loss | perplexity | accuracy | among 50 | logs |", "|---|---|---|---|---|---|"]
        for epoch in training.epochFigures {
            guard let held = epoch.heldOut else { continue }
            rows.append(row("held-out lines, after epoch \(epoch.epoch)", held))
        }
        if let unseen = training.unseen {
            rows.append(
                row(
                    "\(Figures.grouped(unseen.unseenTemplates)) templates never seen, by a model of the other "
                        + "\(Figures.grouped(unseen.templates)) that was thrown away", unseen.figures))
        }
        let training = "Training loss \(Figures.text(training.trainLoss, places: 4)) in the last epoch, with dropout.\n"
        guard rows.count > 2 else { return training + "\nNo lines were held out, so there are no other figures." }
        return training
            + "\nLoss is the mean cross-entropy in nats of a masked word; accuracy the share of words that were the first "
            + "guess, among 50 the share that were one of 50, which is what makes a word normal.\n\n"
            + rows.joined(separator: "\n")
    }

    private func row(_ on: String, _ figures: HeldOutFigures) -> String {
        "| \(on) | \(Figures.text(figures.loss, places: 4)) | \(Figures.text(figures.perplexity, places: 2)) | "
            + "\(Figures.text(figures.accuracy, places: 4)) | \(Figures.text(figures.among50, places: 4)) | "
            + "\(Figures.grouped(figures.logs)) |"
    }

    private var computingLines: [String] {
        [
            "On \(training.device) with \(training.threads) threads in \(TimeSpan.describe(seconds: training.seconds)); "
                + "libtorch \(training.torchVersion), CPU capability \(training.cpuCapability).",
            "Digest of the tensors \(training.tensorDigest)",
        ]
    }
}
