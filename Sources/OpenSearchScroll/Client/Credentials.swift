/// Who a client says it is. Printing, dumping or interpolating it never shows a secret.
public struct Credentials: Sendable, Hashable {
    enum Storage: Sendable, Hashable {
        case none
        case basic(user: String, password: String)
    }

    let storage: Storage

    /// Nobody: nothing is sent.
    public static let none = Credentials(storage: .none)

    /// HTTP basic authentication.
    public static func basic(user: String, password: String) -> Credentials {
        Credentials(storage: .basic(user: user, password: password))
    }
}

extension Credentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The kind of the credentials and the user's name.
    public var description: String {
        switch storage {
        case .none: "none"
        case .basic(let user, _): "basic authentication as \(user)"
        }
    }

    /// The same as ``description``.
    public var debugDescription: String { description }

    /// Shows no parts.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
