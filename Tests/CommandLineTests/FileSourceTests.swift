import Testing

@testable import opnilog_train

@Suite("Settings files")
struct FileSourceTests {
    private func read(_ text: String) throws -> [GivenOption] { try FileSource.options(text, path: "c.yaml") }

    private func fault(_ text: String) -> String {
        do {
            _ = try read(text)
            return "no error"
        } catch {
            #expect((error as? CommandError)?.code == .usage)
            return (error as? CommandError)?.problem ?? "\(error)"
        }
    }

    @Test("scalars, lists, quotes, blocks and comments")
    func whole() throws {
        let options = try read(
            """
            # where from
            endpoint:
              - http://a
              - "http://b"
            index: 'logs-*'
            samples: 0x10
            since: -24h
            insecure: yes
            query: |
              {"match_all": {}}
            until: ~
            field: "null"
            """)
        #expect(
            options.map { "\($0.name)=\($0.text)" } == [
                "endpoint=http://a", "endpoint=http://b", "index=logs-*", "samples=0x10", "since=-24h", "insecure=yes",
                "query={\"match_all\": {}}\n", "field=null",
            ])
        #expect(options[1].origin == .file(path: "c.yaml", line: 4))
    }

    @Test("nothing in it is no error", arguments: ["", "# only a comment\n", "---\n", "~\n", "--- null\n...\n"])
    func empty(text: String) throws {
        #expect(try read(text) == [])
    }

    @Test(
        "what is wrong is named with its line",
        arguments: [
            ("index: a\nindxe: b", "c.yaml, line 2: there is no setting indxe; did you mean index?"),
            ("config: other.yaml", "c.yaml, line 1: there is no setting config"),
            ("index: a\n\nindex: b", "c.yaml, line 3: index was given in line 1 already"),
            ("- a\n- b", "c.yaml, line 1: settings are written as name: value"),
            ("just words", "c.yaml, line 1: settings are written as name: value"),
            ("index: [a, b]", "c.yaml, line 1: index takes one value, not a list"),
            (
                "query:\n  match_all: {}",
                "c.yaml, line 2: query takes a plain value; write the query as JSON text after query: |"
            ),
            (
                "index: &x a\nfield: *x",
                "c.yaml, line 2: anchors and aliases are not used in settings; write the value out"
            ),
            ("input:\n  - {a: b}", "c.yaml, line 2: input takes a plain value"),
            ("? [a]\n: b", "c.yaml, line 1: a setting's name must be a text"),
            ("index: a\n---\nindex: b", "c.yaml, line 3: a second document begins here, but one file holds one"),
        ])
    func faults(text: String, problem: String) {
        #expect(fault(text) == problem)
    }

    @Test("bad YAML is named with its line")
    func noYAML() {
        #expect(fault("index: a\nfield: \"open").hasPrefix("c.yaml, line 2: this is no YAML ("))
        #expect(fault("index: a\n\tfield: b").hasPrefix("c.yaml, line 2: this is no YAML ("))
        #expect(fault("index: a\nseed: {1\nfield: b").hasPrefix("c.yaml, line 3: this is no YAML ("))
        #expect(fault("index: a\u{1}").contains("this is no YAML (control characters are not allowed)"))
    }
}
