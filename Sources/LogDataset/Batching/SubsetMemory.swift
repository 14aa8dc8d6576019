/// What a subset takes while it is trained on.
enum SubsetMemory {
    /// Bytes of a draw in its seeded order: the sorted keys and then the order itself.
    private static let draw = 16 + 4
    /// Bytes of a drawn template besides its text: its end, how often it was drawn, its lines.
    private static let template = 8 + 4 + 8

    /// At most so many bytes, as the average of a table's texts has it.
    ///
    /// - Parameters:
    ///   - draws: K.
    ///   - templates: Templates of the table.
    ///   - bytes: Bytes of all their texts.
    static func bytes(draws: Int, templates: UInt64, texts bytes: Int) -> Int {
        let distinct = min(draws, Int(clamping: templates))
        let average = templates == 0 ? 0 : bytes / Int(clamping: templates) + 1
        // What the shards have drawn stands there once more while it is joined.
        return draws * draw + distinct * (average + template) * 2
    }

    /// Refuses a plan whose subsets do not fit into the budget.
    static func check(_ plan: StepPlan, _ table: TemplateTable, _ budget: MemoryBudget) throws(DatasetError) {
        let metadata = table.metadata
        let draws = max(plan.samples, plan.closingCuts.draws)
        let needed = bytes(draws: draws, templates: metadata.templates, texts: table.textBytes)
        let limit = max(budget.total, MemoryBudget.minimum)
        guard needed > limit else { return }
        throw DatasetError(
            .invalidSetting,
            "a subset of \(draws) logs takes some \(needed >> 20) MiB, more than the \(limit >> 20) MiB of the memory "
                + "budget; draw fewer (--samples), or give more (--memory)")
    }
}
