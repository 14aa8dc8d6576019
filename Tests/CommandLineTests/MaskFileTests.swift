import LogDataset
import LogMasking
import Testing

@testable import opnilog_train

@Suite("--masks")
struct MaskFileTests {
    private static let pod = """
        masks:
          - name: pod
            pattern: '[a-z]+-[0-9a-f]{8,10}-[a-z0-9]{5}'
            token: <POD>

        """

    private func refusal(_ text: String) -> String? {
        do throws(CommandError) {
            _ = try MaskFile.rules(text, path: "m.yaml")
            return nil
        } catch {
            return error.code == .usage ? error.description : "\(error.code)"
        }
    }

    @Test("masks come in the order of the file, before the built-in ones unless they say after")
    func masks() throws {
        let text = Self.pod + "  - {name: level, pattern: info, token: <LEVEL>, place: after}\n"
        #expect(
            try MaskFile.rules(text, path: "m.yaml").customMasks == [
                CustomMask(name: "pod", pattern: "[a-z]+-[0-9a-f]{8,10}-[a-z0-9]{5}", token: "<POD>"),
                CustomMask(name: "level", pattern: "info", token: "<LEVEL>", place: .after),
            ])
        #expect(try MaskFile.rules("masks: []\n", path: "m.yaml").isBuiltIn)
    }

    @Test(
        "what is wrong is named with its line",
        arguments: [
            ("", 1, "masks are written as a list under masks:"),
            ("rules: []\n", 1, "masks are written as a list under masks:"),
            ("masks:\n  - pod\n", 2, "a mask has a name, a pattern and a token"),
            ("masks:\n  - name: a\n    token: <A>\n", 2, "the mask that begins here has no pattern"),
            ("masks:\n  - name: a\n    regex: b\n", 3, "a mask has name, pattern, token, place and nothing else"),
            ("masks:\n  - name: a\n    name: b\n", 3, "name was given in line 2 already"),
            ("masks:\n  - name: [a]\n", 2, "name takes a text"),
            (
                "masks:\n  - name: a\n    pattern: b\n    token: <A>\n    place: first\n", 5, "place is before or after"
            ),
            (
                "masks:\n  - name: a\n    token: <A>\n    pattern: 'x[b'\n", 4,
                "The pattern of the mask a is wrong after its character 3: missing terminating ] for character class"
            ),
            (
                "masks:\n  - name: a\n    pattern: b\n    token: A1\n", 4,
                "The token A1 of the mask a must be letters and _ in angle brackets, such as <POD>; the built-in rules would take another apart"
            ),
            (
                pod + "  - {name: pod, pattern: a, token: <A>}\n", 5,
                "There are two masks named pod; give each its own name"
            ),
            (
                "masks:\n  - name: a\n    token: <A>\n    pattern: ''\n", 4,
                "the pattern of the mask a is empty, and a match of no characters is none"
            ),
            (
                "masks:\n  - name: a\n    pattern: \"\\b(info|debug)\\b\"\n    token: <A>\n", 3,
                "the pattern of the mask a holds a control character; write it in single quotes, in which YAML leaves the backslash alone"
            ),
            (pod + "other: 1\n", 5, "there is nothing but masks in such a file"),
        ] as [(String, Int, String)])
    func faults(text: String, line: Int, problem: String) {
        #expect(refusal(text) == "m.yaml, line \(line): \(problem). docs/masks.md shows how masks are written.")
    }

    @Test("what YAML does not take is answered with how masks are written")
    func noYAML() {
        let refused = refusal("masks:\n  - name: a\n    pattern: \"\\d+\"\n    token: <A>\n") ?? ""
        #expect(refused.hasPrefix("m.yaml, line 3: this is no YAML ("), "\(refused)")
        #expect(
            refused.hasSuffix("). masks are written as a list under masks:; write patterns in single quotes."),
            "\(refused)")
        #expect(refusal("masks:\n  - {name: a, token: <A>, pattern: '\\d+'}\n") == nil)
    }

    @Test("mask uses them, and tells with --explain which rule took what")
    func mask() async throws {
        let folder = TestFolder()
        try folder.write("m.yaml", Self.pod)
        let input = Array("pod web-5d4f8c7b9d-x2x4z, 7\n".utf8)
        let masked = try await ProgramRun.of(["mask", "--input", "-", "--masks", folder.path("m.yaml")], input: input)
        #expect(masked.output == "pod <pod> <num>\n")
        let explained = try await ProgramRun.of(
            ["mask", "--input", "-", "--explain", "--masks", folder.path("m.yaml")], input: input)
        #expect(
            explained.output
                == #"{"log":"pod web-5d4f8c7b9d-x2x4z, 7","masked":"pod <pod> <num>","rules":["#
                + #"{"rule":"pod","start":4,"end":24,"text":"web-5d4f8c7b9d-x2x4z"},"#
                + #"{"rule":"num","start":26,"end":27,"text":"7"}]}"# + "\n")
        let missing = try await ProgramRun.of(["mask", "--input", "-", "--masks", "/nowhere/m.yaml"])
        #expect(missing.code == 64)
        #expect(
            missing.errors
                == "opnilog-train: --masks: /nowhere/m.yaml cannot be read: No such file or directory. "
                + "name a YAML file of masks.\n")
    }

    @Test("a longer message than --longest-line is cut, and counted")
    func longestLine() async throws {
        let input = Array((String(repeating: "a", count: 1030) + "\nb\n").utf8)
        let run = try await ProgramRun.of(["mask", "--input", "-", "--longest-line", "1KiB"], input: input)
        #expect(run.output == String(repeating: "a", count: 1024) + "\nb\n")
        #expect(run.errors == "opnilog-train: 1 messages were cut by 6 bytes (--longest-line)\n")
    }

    @Test("the manifest and the table record the masks and what was cut; a table of other rules is another table")
    func collect() async throws {
        let folder = TestFolder()
        try folder.write("m.yaml", Self.pod)
        try folder.write("in", "pod web-5d4f8c7b9d-x2x4z\n" + String(repeating: "a", count: 2000) + "\n")
        func collect(_ name: String, _ options: [String]) async throws -> String {
            let run = try await ProgramRun.of(
                ["collect", "--input", folder.path("in"), "--output", folder.path(name)] + options)
            #expect(run.code == 0, "\(run.errors)")
            return folder.text(name + "/manifest.json")
        }
        let plain = try await collect("plain", [])
        let masked = try await collect("masked", ["--masks", folder.path("m.yaml"), "--longest-line", "1KiB"])
        #expect(masked.contains(#""maskNames" : ["#) && masked.contains(#""pod""#))
        #expect(masked.contains(#""cutMessages" : 1"#) && masked.contains(#""cutBytes" : 976"#))
        #expect(plain.contains(#""cutMessages" : 0"#) && !plain.contains("maskNames"))
        let digest = MaskRuleSet.builtIn.digest
        #expect(plain.contains(#""rulesDigest" : "\#(digest)""#))
        #expect(!masked.contains(digest))
    }

    @Test("score refuses a model that was made with other masks, and names them")
    func score() async throws {
        let folder = TestFolder()
        try folder.write("m.yaml", Self.pod)
        try folder.write("other.yaml", Self.pod.replacing("{8,10}", with: "{8}"))
        let digest = try MaskFile.rules(Self.pod, path: "m.yaml").digest
        try folder.write("manifest.json", #"{"table": {"rulesDigest": "\#(digest)", "maskNames": ["pod"]}}"#)
        func score(_ options: [String]) async throws -> ProgramRun {
            try await ProgramRun.of(
                ["score", "--model", folder.path("."), "--input", "-", "--torch", "/nowhere"] + options)
        }
        let without = try await score([])
        #expect(without.code == 64)
        #expect(
            without.errors
                == "opnilog-train: the model in \(folder.path(".")) was made with other mask rules: it has the masks pod, "
                + "this run has no masks but the built-in ones. give --masks the file it was trained with.\n")
        let other = try await score(["--masks", folder.path("other.yaml")])
        #expect(other.code == 64)
        #expect(other.errors.contains("the patterns, tokens or built-in rules differ from this run's"))
        // With the right masks it goes on to what this test withholds.
        #expect(try await score(["--masks", folder.path("m.yaml")]).code == 69)
        try folder.write("manifest.json", #"{"table": {"rulesDigest": "\#(MaskRuleSet.builtIn.digest)"}}"#)
        let added = try await score(["--masks", folder.path("m.yaml")])
        #expect(added.code == 64)
        #expect(added.errors.hasSuffix("leave --masks out, or train anew.\n"))
        #expect(try await score([]).code == 69)
    }

    @Test("--masks has no effect on a table, which is masked already")
    func table() async throws {
        let run = try await ProgramRun.of(["sample", "--table", "t", "--masks", "m"])
        #expect(run.code == 64)
        #expect(run.errors == "opnilog-train: --masks has no effect on logs from a table. leave it out.\n")
    }
}
