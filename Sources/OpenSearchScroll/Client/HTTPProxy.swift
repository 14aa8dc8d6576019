/// Which HTTP proxy stands between us and the servers. Printing it never shows a password.
public struct HTTPProxy: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    enum Storage: Sendable, Hashable {
        case environment(user: String?, password: Secret?)
        case direct
        case url(String, user: String?, password: Secret?)
    }

    let storage: Storage

    /// As the environment says, the way curl reads it: `https_proxy` for https:// endpoints, `http_proxy` (in small
    /// letters only) for http:// ones, else `all_proxy`; none for the hosts of `no_proxy`.
    public static let environment = HTTPProxy(storage: .environment(user: nil, password: nil))

    /// The same with a user that the proxy's URL in the environment does not name.
    public static func environment(user: String?, password: String?) -> HTTPProxy {
        HTTPProxy(storage: .environment(user: user, password: password.map(Secret.init)))
    }

    /// None, whatever the environment says.
    public static let direct = HTTPProxy(storage: .direct)

    /// This one, but for the hosts of `no_proxy`. An https:// endpoint is reached by CONNECT, so the proxy sees no more
    /// than its host and port.
    ///
    /// - Parameters:
    ///   - url: starts with http:// or https://.
    ///   - user: for basic authentication at the proxy.
    public static func url(_ url: String, user: String? = nil, password: String? = nil) -> HTTPProxy {
        HTTPProxy(storage: .url(url, user: user, password: password.map(Secret.init)))
    }

    /// Whether the environment decides.
    public var isEnvironment: Bool {
        if case .environment = storage { true } else { false }
    }

    /// Where the proxy is, without its user.
    public var description: String {
        switch storage {
        case .environment: "as the environment says"
        case .direct: "none"
        case .url(let url, _, _): Redaction.url(url)
        }
    }

    /// The same as ``description``.
    public var debugDescription: String { description }

    /// Shows no parts.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
