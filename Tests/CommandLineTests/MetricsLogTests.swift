import FoundationEssentials
import OpniLogTraining
import Testing

@testable import opnilog_train

/// `metrics.jsonl` over runs that go on with each other.
@Suite("metrics")
struct MetricsLogTests {
    private let folder = TestFolder()
    private let reading = #"{"phase":"reading","documents":7}"# + "\n"

    private func output() throws -> OutputFolder { try OutputFolder(folder.path("out"), refusing: [], overwrite: true) }

    private func step(_ phase: String, _ trained: Int) throws -> TrainingProgress {
        try JSONDecoder().decode(
            TrainingProgress.self,
            from: Data(
                """
                {"phase": "\(phase)", "epoch": 0, "step": 1, "steps": 9, "trained": \(trained), "loss": 1.5, "rows": 3,
                 "learningRate": 0.5, "rowsAtOnce": 8, "halvings": 0, "logs": 2, "seconds": 1, "waitedSeconds": 0}
                """.utf8))
    }

    /// Phase and step of each line, `?` for what is none.
    private var lines: [String] {
        struct Line: Decodable {
            let phase: String
            let trained: Int?
        }
        return folder.text("out/metrics.jsonl").split(separator: "\n", omittingEmptySubsequences: false).map { line in
            guard let line = try? JSONDecoder().decode(Line.self, from: Data(line.utf8)) else {
                return line.isEmpty ? "" : "?"
            }
            return line.phase + (line.trained.map { " \($0)" } ?? "")
        }
    }

    private func written() throws {
        let metrics = try MetricsLog(in: output())
        for trained in 1...3 { metrics.append(try step("fit", trained)) }
        metrics.append(try step("evaluation", 3))
        metrics.append(try step("fit", 4))
        metrics.append(try step("evaluation", 4))
        metrics.append(try step("closing", 5))
        metrics.append(try step("unseen", 1))
        try metrics.check()
    }

    @Test("what the checkpoint includes stays, the rest is dropped at the first new step, a torn line at once")
    func goesOn() throws {
        try written()
        try folder.write("out/metrics.jsonl", reading + folder.text("out/metrics.jsonl") + #"{"pha"#)
        let metrics = try MetricsLog(in: output(), goesOn: true)
        let all = [
            "reading", "fit 1", "fit 2", "fit 3", "evaluation 3", "fit 4", "evaluation 4", "closing 5", "unseen 1", "",
        ]
        #expect(lines == all)
        metrics.goOn(afterSteps: 4)
        #expect(lines == all)
        // Figures are not kept by themselves: those after step 4 are made again.
        metrics.append(try step("evaluation", 4))
        metrics.append(try step("closing", 5))
        #expect(
            lines == ["reading", "fit 1", "fit 2", "fit 3", "evaluation 3", "fit 4", "evaluation 4", "closing 5", ""])
        try metrics.check()
        #expect(folder.mode("out/metrics.jsonl") == 0o600)
    }

    @Test("a training that begins anew has no steps of the one before, but what was read stays")
    func beginsAnew() throws {
        try written()
        try folder.write("out/metrics.jsonl", folder.text("out/metrics.jsonl") + reading)
        let metrics = try MetricsLog(in: output(), goesOn: true)
        metrics.append(try step("fit", 1))
        #expect(lines == ["reading", "fit 1", ""])
        let new = try MetricsLog(in: output())
        // A run that cannot begin leaves what it was to replace.
        #expect(lines == ["reading", "fit 1", ""])
        new.append(try step("fit", 1))
        #expect(lines == ["fit 1", ""])
    }
}
