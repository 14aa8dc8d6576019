import Glibc
import Synchronization

/// Makes of credentials what a request carries: reads tokens, runs commands, signs. It keeps tokens for as long as they
/// are good.
final class Authorizer: Sendable {
    private let files = Mutex<[String: TokenFile]>([:])
    private let commands = Mutex<[Credentials: TokenCommand]>([:])
    private let commandLimit: Duration

    /// - Parameter commandLimit: how long a command that prints a token may take.
    init(commandLimit: Duration) { self.commandLimit = commandLimit }

    /// - Parameter refused: what the server answered 401 to; then the token is got anew.
    func authorization(
        for request: HTTPRequest, insteadOf refused: Authorization? = nil
    ) async -> Result<Authorization, TransferFailure> {
        switch request.credentials.storage {
        case .none: return .success(.none)
        case .basic(let user, let password): return .success(.basic(user: user, password: password))
        case .bearer(let token): return Token.checked(token.value, "the bearer token").map { .bearer($0) }
        case .bearerFile(let path):
            return files.withLock { $0[path, default: TokenFile(path: path)].token(isRefused: refused != nil) }
                .map { .bearer($0) }
        case .bearerCommand(let arguments, let lifetime):
            let command = commands.withLock { commands in
                let command =
                    commands[request.credentials]
                    ?? TokenCommand(arguments.map(\.value), lifetime: lifetime, limit: commandLimit)
                commands[request.credentials] = command
                return command
            }
            return await command.token(insteadOf: refused).map { .bearer($0) }
        case .aws(let identity):
            let signer = AWSSigner(identity: identity, timestamp: AWSSigner.timestamp(time(nil)))
            return .success(.signed(signer.headers(of: request).map(Secret.init)))
        }
    }
}

/// What may be a token.
enum Token {
    /// A token without the blanks around it; one with a character that no token has could put a header of its own into
    /// the request.
    static func checked(_ text: String, _ name: String) -> Result<Secret, TransferFailure> {
        let blanks: Set<Character> = [" ", "\t", "\n", "\r", "\r\n"]
        var token = text[...]
        while let first = token.first, blanks.contains(first) { token.removeFirst() }
        while let last = token.last, blanks.contains(last) { token.removeLast() }
        if token.isEmpty {
            return .failure(.noCredentials("\(name) is empty; look at what makes it", mayPass: true))
        }
        guard token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            return .failure(
                .noCredentials(
                    "\(name) has blanks, line ends or other characters that no token has; it must be the token and "
                        + "nothing else", mayPass: false))
        }
        return .success(Secret(String(token)))
    }
}
