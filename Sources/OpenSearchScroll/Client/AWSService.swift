/// Amazon's two services that speak OpenSearch's protocol.
public enum AWSService: String, Sendable, Hashable, CaseIterable {
    /// OpenSearch Service: domains.
    case es
    /// OpenSearch Serverless: collections, which know no scroll.
    case aoss

    /// The service and the region that a host name of Amazon's tells: `…us-east-1.es.amazonaws.com`,
    /// `….us-east-1.aoss.amazonaws.com`, `….aos.us-east-1.on.aws`.
    ///
    /// - Returns: nil for any other host, such as a domain of one's own before the service.
    public static func named(byHost host: String) -> (service: AWSService, region: String)? {
        let parts = host.lowercased().split(separator: ".").map(String.init)
        if let amazon = parts.lastIndex(of: "amazonaws"), amazon >= 3,
            let service = AWSService(rawValue: parts[amazon - 1])
        {
            return (service, parts[amazon - 2])
        }
        let isDualStack = parts.count >= 5 && parts.suffix(2) == ["on", "aws"] && parts[parts.count - 4] == "aos"
        return isDualStack ? (.es, parts[parts.count - 3]) : nil
    }
}

/// Who signs, and for what.
struct AWSIdentity: Sendable, Hashable {
    var region: String
    var service: String
    var accessKey: String
    var secretKey: Secret
    var sessionToken: Secret?
}
