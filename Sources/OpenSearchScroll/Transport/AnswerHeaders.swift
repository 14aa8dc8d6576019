import CLibcurl
import Glibc

/// What we look at in the headers of an answer.
enum AnswerHeaders {
    /// How long to stay away: seconds, or a date, which is compared with the answer's own date, since clocks differ.
    ///
    /// - Parameter now: seconds since 1970, for an answer without a date.
    static func retryAfter(_ text: String?, date: String?, now: Int = time(nil)) -> Duration? {
        guard let text else { return nil }
        if let seconds = Int(text) { return seconds < 0 ? nil : .seconds(min(seconds, longest)) }
        let moment = curl_getdate(text, nil)
        guard moment >= 0 else { return nil }
        let said = date.map { curl_getdate($0, nil) } ?? -1
        return .seconds(min(max(moment - (said >= 0 ? said : now), 0), longest))
    }

    /// A day: more is no wait but a refusal.
    private static let longest = 86_400

    /// `2.19.4` out of `OpenSearch/2.19.4 (opensearch)`.
    static func version(_ text: String?) -> String? {
        guard let text, let slash = text.firstIndex(of: "/") else { return nil }
        let version = text[text.index(after: slash)...].prefix { $0 != " " }
        return version.isEmpty ? nil : String(version)
    }
}
