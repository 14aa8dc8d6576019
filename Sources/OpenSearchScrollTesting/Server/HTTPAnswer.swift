/// What is sent back for one request.
struct HTTPAnswer: Sendable {
    enum Ending: Sendable, Equatable {
        /// All of the body is sent.
        case whole
        /// The connection is closed after so many bytes of body.
        case cut(at: Int)
        /// The connection is closed after this share of the body, which is never all of it.
        case cutShare(Double)
        /// All of the body is sent, in pieces with a pause before each.
        case dribble(pause: Duration)
        /// The connection is closed instead of an answer.
        case close
        /// The same, and the connection that comes next is closed before anything of it is read.
        case closeWithNext
        /// Nothing is ever sent.
        case stall
    }

    var status: UInt32 = 200
    var headers: [(String, String)] = [("content-type", "application/json; charset=UTF-8")]
    var body: [UInt8] = []
    var ending = Ending.whole

    static func json(_ text: String, status: UInt32 = 200) -> HTTPAnswer {
        HTTPAnswer(status: status, body: Array(text.utf8))
    }

    /// An answer that a fault gives word by word.
    static func scripted(_ status: Int, _ body: String) -> HTTPAnswer {
        var answer = json(body, status: UInt32(status))
        if !body.hasPrefix("{") { answer.headers = body.isEmpty ? [] : [("content-type", "text/html")] }
        return answer
    }

    /// The same answer, ending otherwise.
    func ending(_ ending: Ending) -> HTTPAnswer {
        var copy = self
        copy.ending = ending
        return copy
    }

    static func refusal(_ error: RequestError, isVersion3: Bool) -> HTTPAnswer {
        var answer = json(error.body(isVersion3: isVersion3), status: error.status)
        answer.headers += error.headers
        return answer
    }
}
