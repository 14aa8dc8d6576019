import LogDataset
import Testing

@Suite struct DatasetErrorTests {
    struct Refused: Error, CustomStringConvertible { var description: String { "refused" } }

    @Test func oneLineNamesTheCause() {
        let error = DatasetError(.sourceFailed, "The source failed; run again.", cause: Refused())
        #expect("\(error)" == "The source failed; run again. (cause: refused)")
        #expect("\(error.code)" == "sourceFailed")
    }

    @Test func treeShowsEveryLevelWithItsCode() {
        let inner = DatasetError(.unreadableFile, "Cannot read.", file: "A/B.swift", line: 3)
        let outer = DatasetError(.unusableSource, "No log.", cause: inner, file: "A/C.swift", line: 4)
        #expect(
            outer.debugDescription == """
                [unusableSource] No log.
                  at A/C.swift:4
                └─ [unreadableFile] Cannot read.
                     at A/B.swift:3
                """)
    }

    @Test func wrappingKeepsOwnErrorsAndTellsCancellationApart() {
        let own = DatasetError(.corruptFile, "Broken.")
        #expect(DatasetError(wrapping: own, as: .sourceFailed, "other").code == .corruptFile)
        #expect(DatasetError(wrapping: CancellationError(), as: .sourceFailed, "other").code == .cancelled)
        let wrapped = DatasetError(wrapping: Refused(), as: .sourceFailed, "The source failed.")
        #expect(wrapped.code == .sourceFailed)
        #expect(wrapped.cause is Refused)
    }
}
