import CLibcurl

/// What one request carries to say who sends it.
enum Authorization: Sendable, Equatable {
    case none
    case basic(user: String, password: Secret)
    case bearer(Secret)
    /// Whole header lines: a signature, and what it covers.
    case signed([Secret])
}

extension TransferFailure {
    /// Credentials that cannot be had, so that nothing was sent.
    ///
    /// - Parameters:
    ///   - reason: a sentence of ours, with how to mend it.
    ///   - mayPass: whether the same may succeed a little later.
    static func noCredentials(_ reason: String, mayPass: Bool) -> TransferFailure {
        TransferFailure(
            code: (mayPass ? CURLE_AUTH_ERROR : CURLE_LOGIN_DENIED).rawValue, detail: reason, wasSent: false)
    }
}
