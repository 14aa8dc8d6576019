import Testing

@testable import opnilog_train

@Suite("The model card")
struct ModelCardTests {
    @Test(
        "a source is called as it was named, and a dash by what it stands for",
        arguments: [
            ("app.log", "app.log"), ("-", "standard input"), ("a.log, -", "a.log, standard input"),
            ("index logs-*, field log", "index logs-*, field log"),
        ])
    func source(name: String, shown: String) {
        #expect(ModelCard.shown(source: name) == shown)
    }
}
