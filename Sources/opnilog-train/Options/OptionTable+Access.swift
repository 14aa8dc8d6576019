import OpenSearchScroll

// The part of the option table on who asks OpenSearch, and by which way.
extension Options {

    static let username = setting(
        "username", .text("NAME"), askers, .access, or: ["ES_USERNAME"], help: "User of basic authentication.")
    static let password = secret(
        "password", askers, .access, or: ["ES_PASSWORD"],
        help: "Its password: from the environment or the --config file only.")
    static let bearerToken = secret(
        "bearer-token", askers, .access, or: [], help: "A bearer token (JWT, OpenID Connect) that stays the same.")
    static let bearerFile = setting(
        "bearer-file", .text("FILE"), askers, .access,
        help: "File that holds a bearer token; read again when it has changed or the server answers 401.")
    static let bearerCommand = setting(
        "bearer-command", .words("'CMD ARG…'"), askers, .access,
        help: "Command that prints a bearer token, run without a shell, and again when the server answers 401. Quotes "
            + "keep blanks in an argument.")
    static let awsRegion = setting(
        "aws-region", .text("REGION"), askers, .access, or: ["AWS_REGION"],
        help: "Sign requests for Amazon's service in this region (default: that of the endpoint's name).")
    static let awsService = setting(
        "aws-service", .choice(AWSService.self), askers, .access,
        help: "es: OpenSearch Service; aoss: Serverless (default: that of the endpoint's name, else es).")
    static let awsAccessKey = secret(
        "aws-access-key-id", askers, .access, or: ["AWS_ACCESS_KEY_ID"], help: "The access key that signs.")
    static let awsSecretKey = secret(
        "aws-secret-access-key", askers, .access, or: ["AWS_SECRET_ACCESS_KEY"], help: "Its secret.")
    static let awsSessionToken = secret(
        "aws-session-token", askers, .access, or: ["AWS_SESSION_TOKEN"],
        help: "The token that goes with access keys that end.")
    static let clientCertificate = setting(
        "client-certificate", .text("FILE"), askers, .access,
        help: "Our own certificate (PEM), for servers that ask for one.")
    static let clientKey = setting(
        "client-key", .text("FILE"), askers, .access,
        help: "Its key (PEM; default: in the same file).")
    static let clientKeyPassphrase = secret(
        "client-key-passphrase", askers, .access, or: [], help: "What the key is encrypted under, if it is.")
    static let ca = setting(
        "ca", .text("FILE"), askers, .access,
        help: "Certificate authorities (PEM) that the server's certificate is checked against.")
    static let insecure = toggle(
        "insecure", askers, .access,
        help: "Do not verify the server's certificate. It is logged that this was asked for.")
    static let proxy = setting(
        "proxy", .proxy, askers, .access,
        help: "HTTP proxy, but for the hosts of no_proxy; none: no proxy (default: what https_proxy, http_proxy and "
            + "all_proxy say).")
    static let proxyUsername = secret(
        "proxy-username", askers, .access, or: [], help: "User of basic authentication at the proxy.")
    static let proxyPassword = secret("proxy-password", askers, .access, or: [], help: "Its password.")
}
