import LogDataset
import OpenSearchScroll
import OpniLogTraining
import Testing

@testable import opnilog_train

@Suite("Errors as exit codes")
struct FailuresTests {
    private func code(_ error: any Error) -> ExitCode { Failures.commandError(error).code }

    @Test("those of the dataset")
    func dataset() {
        let codes: [(DatasetError.Code, ExitCode)] = [
            (.invalidSetting, .usage), (.unusableSource, .noUsableLog), (.unreadableFile, .noUsableLog),
            (.corruptFile, .noUsableLog), (.unwritable, .output), (.cancelled, .interrupted), (.sourceFailed, .fault),
        ]
        for (from, to) in codes { #expect(code(DatasetError(from, "text")) == to, "\(from)") }
    }

    @Test("those of the training")
    func training() {
        let codes: [(TrainingError.Code, ExitCode)] = [
            (.noBridge, .unavailable), (.unfitBridge, .unavailable), (.noLibtorch, .unavailable),
            (.noDevice, .unavailable), (.outOfMemory, .unavailable), (.invalidSetting, .usage),
            (.badModel, .noUsableLog), (.unwritable, .output), (.cancelled, .interrupted), (.notFinite, .fault),
            (.failed, .fault),
        ]
        for (from, to) in codes { #expect(code(TrainingError(from, "text")) == to, "\(from)") }
    }

    @Test("an error that stands for another gives the code and the words of that one")
    func causes() {
        let full = DatasetError(.unwritable, "the disk is full; free some space")
        let outer = TrainingError(.dataset, "The dataset cannot be used.", cause: full)
        #expect(code(outer) == .output)
        #expect(Failures.commandError(outer).description == "the disk is full; free some space.")
        let source = DatasetError(.sourceFailed, "could not be read", cause: outer)
        #expect(Failures.commandError(source).description == "the disk is full; free some space.")
        let saving = TrainingError(.unwritable, "The vocabulary could not be saved.", cause: full)
        #expect(
            Failures.commandError(saving).description
                == "The vocabulary could not be saved. the disk is full; free some space.")
    }

    @Test("cancellation, and what nobody expected")
    func others() {
        struct Odd: Error {}
        #expect(code(CancellationError()) == .interrupted)
        #expect(code(Odd()) == .fault)
        #expect(Failures.commandError(Odd()).description == "unexpected: Odd(). please report this.")
    }

    @Test("after a signal: what the cancelling made is an interruption, anything else is said as it is")
    func afterSignal() {
        let full = Failures.commandError(TrainingError(.unwritable, "the checkpoint could not be written"))
        let kept = Program.afterSignal(full, of: .train)
        #expect(kept.code == .output && kept.description == "the checkpoint could not be written.")
        let damaged = Failures.commandError(DatasetError(.corruptFile, "the table is damaged"))
        #expect(Program.afterSignal(damaged, of: .collect).code == .noUsableLog)
        let made: [any Error] = [TrainingError(.cancelled, "c"), DatasetError(.incomplete, "i"), CancellationError()]
        for cause in made {
            let error = Program.afterSignal(Failures.commandError(cause), of: .train)
            #expect(error.code == .interrupted && error.description == "interrupted. run again with --resume.")
        }
        let sample = Program.afterSignal(Failures.commandError(CancellationError()), of: .sample)
        #expect(sample.description == "interrupted. run the same command again.")
        let demo = Program.afterSignal(Failures.commandError(CancellationError()), of: .demo)
        #expect(
            demo.description == "interrupted. run the same command again, with --overwrite where --output is given.")
    }

    @Test("an error is one line, of sentences")
    func oneLine() {
        #expect(CommandError.usage("a\nb", remedy: "c").description == "a b. c.")
        #expect(CommandError.usage("did you mean x?", remedy: "do.").description == "did you mean x? do.")
    }

    @Test("the codes are those that operators script against")
    func codes() {
        #expect(ExitCode.allCases.map(\.rawValue) == [0, 1, 2, 64, 65, 69, 70, 74, 75])
    }
}
