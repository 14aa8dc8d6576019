/// Why a server could not be started, or a fault schedule not be read.
public struct OpenSearchServerError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it is.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Value: String { case cannotListen, noTLS, badFaults }
        private let value: Value

        /// The port is taken, or the certificate and key do not belong together.
        public static let cannotListen = Code(value: .cannotListen)
        /// HTTPS is asked for, but libmicrohttpd has none.
        public static let noTLS = Code(value: .noTLS)
        /// A text is no fault schedule.
        public static let badFaults = Code(value: .badFaults)

        /// The code's name.
        public var description: String { value.rawValue }
    }

    /// What kind of failure it is.
    public let code: Code
    /// What went wrong and how to mend it.
    public let message: String

    static func badFaults(_ message: String) -> OpenSearchServerError {
        OpenSearchServerError(code: .badFaults, message: message)
    }

    /// The message.
    public var description: String { message }
}
