/// A part of what was asked for that could not be read. A run with holes goes on, and is partial.
public struct Hole: Sendable, Codable, Equatable {
    /// What is missing and why, for people: never the content of a log.
    public let what: String
    /// How many documents are missing, about; nil where nobody can tell.
    public let documents: Int?

    /// Names something that could not be read.
    public init(what: String, documents: Int? = nil) {
        self.what = what
        self.documents = documents
    }
}
