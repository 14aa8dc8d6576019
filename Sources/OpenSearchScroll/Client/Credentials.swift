/// Who a client says it is. Printing, dumping or interpolating it never shows a secret.
public struct Credentials: Sendable, Hashable {
    enum Storage: Sendable, Hashable {
        case none
        case basic(user: String, password: Secret)
        case bearer(Secret)
        case bearerFile(String)
        case bearerCommand([Secret], lifetime: Duration?)
        case aws(AWSIdentity)
    }

    let storage: Storage

    /// Nobody: nothing is sent. (A client certificate is a matter of the connection, and goes with any of these.)
    public static let none = Credentials(storage: .none)

    /// HTTP basic authentication.
    public static func basic(user: String, password: String) -> Credentials {
        Credentials(storage: .basic(user: user, password: Secret(password)))
    }

    /// A token (JWT, OpenID Connect) that stays the same.
    public static func bearer(_ token: String) -> Credentials { Credentials(storage: .bearer(Secret(token))) }

    /// A token in a file, which is read again when the file has changed or the server answers 401.
    public static func bearer(file: String) -> Credentials { Credentials(storage: .bearerFile(file)) }

    /// A token that a command prints on standard output. It is run without a shell, at the first request, again when
    /// the server answers 401, and when `lifetime` is over since it ran last.
    ///
    /// - Parameters:
    ///   - command: the program, looked for in `PATH`, and its arguments.
    ///   - lifetime: nil: until a 401.
    public static func bearer(command: [String], lifetime: Duration? = nil) -> Credentials {
        Credentials(storage: .bearerCommand(command.map(Secret.init), lifetime: lifetime))
    }

    /// Requests signed as Amazon's managed service wants them (Signature Version 4).
    ///
    /// - Parameters:
    ///   - region: such as `eu-central-1`.
    ///   - sessionToken: goes with access keys that end after a while.
    public static func awsSigV4(
        region: String, service: AWSService, accessKey: String, secretKey: String, sessionToken: String? = nil
    ) -> Credentials {
        Credentials(
            storage: .aws(
                AWSIdentity(
                    region: region, service: service.rawValue, accessKey: accessKey, secretKey: Secret(secretKey),
                    sessionToken: sessionToken.map(Secret.init))))
    }

    /// Whether there may be others to be had when the server refuses these.
    var areRenewable: Bool {
        switch storage {
        case .bearerFile, .bearerCommand: true
        case .none, .basic, .bearer, .aws: false
        }
    }
}

extension Credentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The kind of the credentials, with the name of the user, file, program or access key, and without any secret.
    public var description: String {
        switch storage {
        case .none: "none"
        case .basic(let user, _): "basic authentication as \(user)"
        case .bearer: "a bearer token"
        case .bearerFile(let path): "the bearer token in \(path)"
        // Its arguments may be secrets.
        case .bearerCommand(let command, _): "the bearer token that \(command.first?.value ?? "no command") prints"
        case .aws(let identity):
            "AWS signatures as \(identity.accessKey) for \(identity.service) in \(identity.region)"
        }
    }

    /// The same as ``description``.
    public var debugDescription: String { description }

    /// Shows no parts.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
