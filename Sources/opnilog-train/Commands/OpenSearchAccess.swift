import OpenSearchScroll

/// Who asks OpenSearch, and by which way, as the settings say it.
enum OpenSearchAccess {
    /// Sets credentials, certificates and proxy.
    static func apply(_ settings: Settings, to configuration: inout OpenSearchConfiguration) throws(CommandError) {
        configuration.credentials = try credentials(settings)
        configuration.clientCertificate = settings[Options.clientCertificate]
        configuration.clientKey = settings[Options.clientKey]
        configuration.clientKeyPassphrase = settings[Options.clientKeyPassphrase]
        configuration.caFile = settings[Options.ca]
        configuration.verifiesTLS = !settings[Options.insecure]
        let (user, password) = (settings[Options.proxyUsername], settings[Options.proxyPassword])
        configuration.proxy =
            switch settings[Options.proxy] {
            case nil: .environment(user: user, password: password)
            case "none"?: .direct
            case let url?: .url(url, user: user, password: password)
            }
    }

    /// What `doctor` says of it.
    static func description(_ configuration: OpenSearchConfiguration) -> String {
        let who = configuration.credentials == .none ? "no credentials" : "\(configuration.credentials)"
        let certificate = configuration.clientCertificate.map { ", the client certificate \($0)" } ?? ""
        let way = configuration.proxy.isEnvironment ? "" : ", proxy: \(configuration.proxy)"
        return who + certificate + way
    }

    // MARK: Kinds of credentials

    private enum Kind: CaseIterable {
        case basic, token, file, command, aws

        /// What asks for this kind when it is given.
        var specs: [OptionSpec] {
            switch self {
            case .basic: [Options.username.spec, Options.password.spec]
            case .token: [Options.bearerToken.spec]
            case .file: [Options.bearerFile.spec]
            case .command: [Options.bearerCommand.spec]
            case .aws: [Options.awsRegion.spec, Options.awsService.spec]
            }
        }
    }

    /// One kind. Of several, what a flag asks for counts before the environment, and that before the file, so that
    /// `ES_USERNAME` in a container does not forbid `--bearer-file`; two that are given in the same way are an error.
    static func credentials(_ settings: Settings) throws(CommandError) -> Credentials {
        let asked = Kind.allCases.flatMap { kind in
            kind.specs.compactMap { spec in
                settings.origin(spec).flatMap { isAmbient($0) ? nil : (kind: kind, name: $0.name(spec), rank: $0.rank) }
            }
        }
        let strongest = asked.filter { $0.rank == asked.map(\.rank).min() }
        guard let first = strongest.first else {
            // Access keys stand in many an environment; they are for Amazon's own hosts only, unless asked for.
            let isAmazon = amazonHost(settings) != nil && settings[Options.awsAccessKey] != nil
            return isAmazon ? try aws(settings) : .none
        }
        if let other = strongest.first(where: { $0.kind != first.kind }) {
            throw .usage(
                "\(first.name) and \(other.name) are two kinds of credentials", remedy: "give one of them")
        }
        switch first.kind {
        case .basic: return try basic(settings)
        case .token: return settings[Options.bearerToken].map { .bearer($0) } ?? .none
        case .file: return settings[Options.bearerFile].map { .bearer(file: $0) } ?? .none
        case .command: return settings[Options.bearerCommand].map { .bearer(command: $0) } ?? .none
        case .aws: return try aws(settings)
        }
    }

    /// Amazon's own names stand in environments for whatever program there is, so they ask for nothing.
    private static func isAmbient(_ origin: Origin) -> Bool {
        if case .environment(let name) = origin { return name.hasPrefix("AWS_") }
        return origin == .preset
    }

    private static func basic(_ settings: Settings) throws(CommandError) -> Credentials {
        switch (settings[Options.username], settings[Options.password]) {
        case (let user?, let password?): return .basic(user: user, password: password)
        case (_?, nil):
            let names = Options.password.spec.environmentNames.joined(separator: " or ")
            throw .usage("there is a user but no password", remedy: "set \(names), or password: in the --config file")
        default: throw .usage("there is a password but no user", remedy: "give --username NAME")
        }
    }

    private static func aws(_ settings: Settings) throws(CommandError) -> Credentials {
        guard let key = settings[Options.awsAccessKey], let secret = settings[Options.awsSecretKey] else {
            throw .usage(
                "requests are to be signed for Amazon's service, but there is no access key or no secret to it",
                remedy: "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_SESSION_TOKEN if they end")
        }
        let host = amazonHost(settings)
        // A region of the environment's is for any service; that of the host's name is right for sure.
        let origin = settings.origin(Options.awsRegion.spec)
        let given = settings[Options.awsRegion]
        let region = origin.map(isAmbient) == false ? given : host?.region ?? given
        guard let region else {
            throw .usage(
                "requests are to be signed for Amazon's service, but the region is not known",
                remedy: "give --aws-region REGION")
        }
        return .awsSigV4(
            region: region, service: settings[Options.awsService] ?? host?.service ?? .es, accessKey: key,
            secretKey: secret, sessionToken: settings[Options.awsSessionToken])
    }

    private static func amazonHost(_ settings: Settings) -> (service: AWSService, region: String)? {
        guard let url = settings[Options.endpoint].first, let start = url.firstRange(of: "://")?.upperBound else {
            return nil
        }
        return AWSService.named(byHost: String(url[start...].prefix { !":/?#".contains($0) }))
    }
}
