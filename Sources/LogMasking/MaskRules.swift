/// The built-in rules as data: what the scanners of this module do, said in the words of a backtracking matcher.
public enum MaskRules {
    /// Patterns of one step, or what else it does.
    enum Step: Equatable {
        /// Matches of the pattern become the mask; classes are those of Unicode 14, as in Python 3.11.
        case replace(pattern: String, mask: String)
        /// Each match gets a space before and after it.
        case surround(pattern: String)
        /// The text is cut at the matches, which are kept; pieces that are part of `dropped` go; one space joins them.
        case split(pattern: String, dropped: String)
        /// Lower case by Unicode's full rules.
        case lowercase
    }

    /// Raised whenever the same line may come out otherwise.
    static let version = 1

    /// All steps, in order.
    static let steps: [Step] = [
        .replace(pattern: #"(\x9B|\x1B\[)[0-?]*[ -/]*[@-~]"#, mask: ""),
        .replace(
            pattern: #"(http|ftp|https)://([\w_-]+(?:(?:\.*[\w_-]+)+))([\w.,@?^=%&:/~+#-]*[\w@?^=%&/~+#-])?"#,
            mask: "<URL>"),
        .replace(
            pattern: #"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[1-2]\d|3[0-1])[T|\s](?:[0-1]\d|2[0-3]):[0-5]\d:[0-5]\d"#
                + #"(?:\.\d+|)[(?:Z|(?:\+|\-)(?:\d{2}):?(?:\d{2}))]"#,
            mask: "<UTC_DATE>"),
        .replace(pattern: #"[IWEF]\d{4}\s\d{2}:\d{2}:\d{2}[\.\d+]*"#, mask: "<KLOG_DATE>"),
        .replace(
            pattern: #"(Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|Jun(?:e)?|Jul(?:y)?|Aug(?:ust)?"#
                + #"|Sep(?:tember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\s+(\d{1,2})"#
                + #" (2[0-3]|[01]?[0-9]):([0-5]?[0-9]):([0-5]?[0-9])"#,
            mask: "<CUSTOM_DATE>"),
        .surround(pattern: #"[=|:]"#),
        .replace(pattern: #"[\n\r\t]"#, mask: " "),
        .replace(pattern: #"[^\s]+\.go : [0-9]+"#, mask: "<GO_FILE_PATH>"),
        .replace(pattern: #"[a-z0-9]+[\._]?[a-z0-9]+[@]\w+[.]\w{2,3}"#, mask: "<EMAIL_ADDRESS>"),
        .replace(
            pattern: bordered(#"(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\/\d{1,3})"#), mask: "<IP>"),
        .replace(pattern: bordered(#"(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})"#), mask: "<IP>"),
        .replace(pattern: bordered(#"(\d+\.\d+\s*(s|ds|cs|ms|µs|ns|ps|fs|as|zs|ys))"#), mask: "<DURATION>"),
        .replace(
            pattern: #"(/[a-zA-Z_\-\./\(?:[0-9]+[a-zA-Z0-9]|[a-zA-Z]+[0-9]\)]*[\s]?)"#, mask: "<PATH>"),
        .replace(
            pattern: #"(?:[0-9]+[a-zA-Z!\(\)\-\.\?\[\]_`~;:!@#$%^&+=\*]|[a-zA-Z!\(\)\-\.\?\[\]_`~;:!@#$%^&+=\*]+[0-9])"#
                + #"[a-zA-Z0-9!\(\)\-\.\?\[\]_`~;:!@#$%^&+=\*]*"#,
            mask: "<TOKEN_WITH_DIGIT>"),
        .replace(pattern: bordered(#"([\-\+]?\d*\.?\d+)"#), mask: "<NUM>"),
        .replace(pattern: #"{[\s]*}"#, mask: "<EMPTY_SET>"),
        .replace(pattern: #"\[[\s]*\]"#, mask: "<EMPTY_LIST>"),
        .split(pattern: #"([|:| \(|\)|\[|\]\'|\{|\}|"|,|=])"#, dropped: #"([| \(|\)|\[|\]\'|\{|\}|"|,])"#),
        .lowercase,
    ]

    /// The pattern between what is no ASCII letter or digit.
    private static func bordered(_ pattern: String) -> String {
        #"((?<=[^A-Za-z0-9])|^)"# + pattern + #"((?=[^A-Za-z0-9])|$)"#
    }

    /// The rules as text, a step a line: what the rules' digest is computed over.
    public static var canonicalText: String {
        var text = "opnilog mask rules \(version)\n"
        for step in steps {
            switch step {
            case .replace(let pattern, let mask): text += "replace\t\(pattern)\t\(mask)\n"
            case .surround(let pattern): text += "surround\t\(pattern)\n"
            case .split(let pattern, let dropped): text += "split\t\(pattern)\t\(dropped)\n"
            case .lowercase: text += "lowercase\n"
            }
        }
        return text
    }
}
