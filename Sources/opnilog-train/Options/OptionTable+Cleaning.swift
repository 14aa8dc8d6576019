import LogDataset

// The part of the option table on what is left out of a table, a draw and the vocabulary.
extension Options {
    /// What makes a table of logs, or plans to.
    private static let tablers: Set<Command> = [.train, .collect, .sample, .plan]

    static let excludeQuery = setting(
        "exclude-query", .text("FILE|JSON"), tablers, .openSearch,
        help: "Not these documents: a query like --query. How many it leaves out is counted.")
    static let dropField = many(
        "drop-field", .fieldFilter, tablers, .cleaning, or: [],
        help: "Leave out documents whose field holds this text, such as anomaly_level=Anomaly; again for more.")
    static let dropKeywords = preset(
        "drop-keywords", .text("original|FILE|none"), "none", tablers, .cleaning,
        help: "Leave out lines that hold one of these phrases as whole words, in any case: original takes those of "
            + "Opni's own training, a file has a phrase a line.")
    static let minimumTokens = preset(
        "minimum-tokens", .integer(atLeast: 0, atMost: 63), "0", tablers, .cleaning,
        help: "Leave out lines of fewer words after masking.")

    static let vocabularySize = preset(
        "vocabulary-size", .integer(atLeast: 6, atMost: Vocabulary.largestCount), "\(Vocabulary.largestCount)",
        trainers, .draw,
        help: "Words that get an id, the five reserved ones included, at most \(Vocabulary.largestCount); the most "
            + "frequent do.")
    static let minimumWordCount = preset(
        "minimum-word-count", .integer(atLeast: 1), "1", trainers, .draw,
        help: "Words that occur less often in all lines get no id.")
    static let unknownWarning = preset(
        "unknown-warning", .share, "1%", trainers, .draw,
        help: "Warn if more than this share of all words has no id.")
    static let templateCap = preset(
        "template-cap", .share, "1", drawers, .draw,
        help: "In a draw, one masked text counts for at most this share of the lines. The table stays exact.")
}
