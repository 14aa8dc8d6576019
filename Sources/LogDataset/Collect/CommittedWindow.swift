/// A window that an earlier, unfinished run has read whole and kept.
public struct CommittedWindow: Sendable, Equatable {
    /// The window's name.
    public let name: String
    /// Its hour, if its source gave one.
    public let hour: Hour?
    /// What its source attached while it read the window; empty if that was nothing.
    public let details: [UInt8]

    /// A window as a test of a source makes it up.
    public init(name: String, hour: Hour? = nil, details: [UInt8] = []) {
        self.name = name
        self.hour = hour
        self.details = details
    }
}
