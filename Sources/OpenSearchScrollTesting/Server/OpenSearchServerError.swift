/// Why a server could not be started.
public struct OpenSearchServerError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it is.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Value: String { case cannotListen, noTLS }
        private let value: Value

        /// The port is taken, or the certificate and key do not belong together.
        public static let cannotListen = Code(value: .cannotListen)
        /// HTTPS is asked for, but libmicrohttpd has none.
        public static let noTLS = Code(value: .noTLS)

        /// The code's name.
        public var description: String { value.rawValue }
    }

    /// What kind of failure it is.
    public let code: Code
    /// What went wrong and how to mend it.
    public let message: String

    /// The message.
    public var description: String { message }
}
