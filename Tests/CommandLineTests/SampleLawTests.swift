import FoundationEssentials
import Glibc
import LogGenerator
import Testing

@testable import opnilog_train

/// The laws of the draws, judged from what `sample` writes and nothing else.
@Suite("the laws of sample", .timeLimit(.minutes(30)))
struct SampleLawTests {
    private struct Line: Decodable {
        let text: String
        let count: Int
        let drawn: Int

        /// The original's law: √f a template.
        var weight: Double { Double(count).squareRoot() }
    }

    private static let samples = 5_000
    private static let seeds = 20

    private let folder = TestFolder()

    /// A table of generated logs with frequent and rare templates.
    private func table() async throws -> String {
        let generator = LogGenerator(seed: 3)
        try folder.write(
            "in.log",
            (0..<20_000 as Range<UInt64>).map { generator.log(at: $0).replacing("\n", with: " ") + "\n" }.joined())
        let run = try await ProgramRun.of(
            ["collect", "--input", folder.path("in.log"), "--output", folder.path("out")])
        try #require(run.code == 0, "\(run.errors)")
        return folder.path("out/templates.table")
    }

    private func sample(_ table: String, _ law: String, seed: Int) async throws -> [Line] {
        let run = try await ProgramRun.of(
            [
                "sample", "--table", table, "--all", "--draw", law, "--samples", "\(Self.samples)", "--seed", "\(seed)",
                "--progress", "none",
            ], environment: ["TMPDIR": folder.root])
        try #require(run.code == 0, "\(run.errors)")
        let lines = try run.output.split(separator: "\n").map {
            try JSONDecoder().decode(Line.self, from: Data($0.utf8))
        }
        #expect(lines.map(\.drawn).reduce(0, +) == Self.samples)
        return lines
    }

    @Test("coverage: no template is off its share by one draw")
    func coverage() async throws {
        let table = try await table()
        var whole = 0
        for seed in 0..<Self.seeds {
            let lines = try await sample(table, "coverage", seed: seed)
            let total = lines.map(\.weight).reduce(0, +)
            for line in lines {
                let wanted = Double(Self.samples) * line.weight / total
                // Far more than the rounding of these doubles, far less than a fault would make.
                #expect(abs(Double(line.drawn) - wanted) < 1 + 1e-9)
                if wanted >= 1 { whole += 1 }
            }
        }
        #expect(whole > 0, "without a template that must be in every subset this test would say little")
    }

    @Test("parity: independent draws by weight, by χ² over 20 seeds")
    func parity() async throws {
        let table = try await table()
        var statistic = 0.0
        var freedom = 0.0
        for seed in 0..<Self.seeds {
            let lines = try await sample(table, "parity", seed: seed)
            let total = lines.map(\.weight).reduce(0, +)
            // Rare templates are pooled: χ² wants some five expected draws in each class.
            var pooled = (wanted: 0.0, drawn: 0)
            var classes = -1.0
            func add(_ wanted: Double, _ drawn: Int) {
                statistic += (Double(drawn) - wanted) * (Double(drawn) - wanted) / wanted
                classes += 1
            }
            for line in lines {
                let wanted = Double(Self.samples) * line.weight / total
                if wanted >= 5 {
                    add(wanted, line.drawn)
                    continue
                }
                pooled = (pooled.wanted + wanted, pooled.drawn + line.drawn)
                if pooled.wanted >= 5 {
                    add(pooled.wanted, pooled.drawn)
                    pooled = (0, 0)
                }
            }
            if pooled.wanted > 0 { add(pooled.wanted, pooled.drawn) }
            freedom += classes
        }
        // For that many degrees of freedom χ² is near normal with variance 2 a degree: four standard deviations. Too
        // small a value would be as wrong as too large a one, since draws with replacement do vary.
        #expect(abs(statistic - freedom) < 4 * (2 * freedom).squareRoot(), "χ² \(statistic) of \(freedom)")
    }
}
