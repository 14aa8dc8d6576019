import Synchronization

extension ServerCore {
    /// Executes a request around what is to go wrong with it.
    func faulted(_ route: Route, _ info: RequestInfo) -> HTTPAnswer {
        let fault = configuration.fault?(info) ?? scheduled(route, info)
        var changes = AnswerChanges()
        switch fault {
        case .closeBeforeExecuting: return HTTPAnswer(ending: .close)
        case .failHandshake: return HTTPAnswer(ending: .closeWithNext)
        case .stall: return HTTPAnswer(ending: .stall)
        case .unauthorized: return Self.unauthorized
        case .status(let status, let body): return .scripted(status, body)
        case .statusLosingContext(let status, let body):
            loseContexts(info)
            return .scripted(status, body)
        case .loseContext: loseContexts(info)
        case .expire: expire(info)
        case .mutate(let draw): state.withLock { $0.mutate(draw) }
        case .missingShards(let successful, let total): changes.shards = (successful, total)
        case .loseShard: changes.losesShard = true
        case .timedOut: changes.timesOut = true
        case .shrinkTotal(let count): changes.shrink = count
        case .repeatPage: changes.repeatsPage = true
        case .badUTF8: changes.hasBadUTF8 = true
        case nil, .closeBeforeAnswer, .cutBody, .cutBodyShare, .statusAfterExecuting, .dribble: break
        }
        let answer = answered(route, info, changes)
        switch fault {
        case .statusAfterExecuting(let status, let body): return .scripted(status, body)
        case .closeBeforeAnswer: return answer.ending(.close)
        case .cutBody(let count): return answer.ending(.cut(at: count))
        case .cutBodyShare(let share): return answer.ending(.cutShare(share))
        case .dribble(let pause): return answer.ending(.dribble(pause: pause))
        default: return answer
        }
    }

    /// What the schedule has for a request; counted.
    private func scheduled(_ route: Route, _ info: RequestInfo) -> Fault? {
        guard let strike = configuration.faults?.strike(info.kind, number: info.ordinal) else { return nil }
        state.withLock { $0.faults[strike.kind, default: 0] += 1 }
        return fault(strike, route, info)
    }

    private func fault(_ strike: FaultSchedule.Strike, _ route: Route, _ info: RequestInfo) -> Fault {
        switch strike.kind {
        case .closeBefore: .closeBeforeExecuting
        case .failedHandshake: .failHandshake
        case .closeAfter: .closeBeforeAnswer
        case .cutBody: .cutBodyShare(Double(strike.draw >> 11) * 0x1p-53)
        case .lostContext: .loseContext
        case .lostInParts: lostInParts(info)
        case .requestTooLarge: .status(413, "")
        case .answerTooLarge: .statusAfterExecuting(413, ProxyPage.html("413 Request Entity Too Large"))
        case .breaker: refused(.breaker(requestBytes: info.body.count))
        case .queueFull: queueFull(route, info)
        case .tooManyContexts:
            refused(.tooManyContexts(limit: configuration.maximumOpenContexts, index: firstIndex(route, info).name))
        case .nodeLeft:
            losing(.nodeLeft(isVersion3: isVersion3))
        case .badGateway: .statusAfterExecuting(502, ProxyPage.html("502 Bad Gateway"))
        case .proxyUnavailable: .status(503, ProxyPage.html("503 Service Temporarily Unavailable"))
        case .refusedShards: refusedShards(route, info)
        case .missingShards: .loseShard
        case .shrunkTotal: .shrinkTotal(by: 1)
        case .timedOut: .timedOut
        case .expired: .expire
        case .slowBytes: .dribble(pause: configuration.dribblePause)
        case .duplicatePage: .repeatPage
        case .badUTF8: .badUTF8
        case .html: .status(200, ProxyPage.html("Sign in"))
        case .unauthorized: .unauthorized
        case .mutate: .mutate(strike.draw)
        }
    }

    private func refused(_ error: RequestError) -> Fault {
        .status(Int(error.status), error.body(isVersion3: isVersion3))
    }

    private func losing(_ error: RequestError) -> Fault {
        .statusLosingContext(Int(error.status), error.body(isVersion3: isVersion3))
    }

    /// Under a scroll the queue's refusal comes from shard −1 and costs the context.
    private func queueFull(_ route: Route, _ info: RequestInfo) -> Fault {
        guard info.kind != .continueScroll else { return losing(.queueFull(isVersion3: isVersion3, index: nil)) }
        return refused(.queueFull(isVersion3: isVersion3, index: firstIndex(route, info).name))
    }

    /// An answer with all of its shards failed has the status of the failures, and yet the form of a page.
    private func lostInParts(_ info: RequestInfo) -> Fault {
        let text = (try? scrollIDs(of: info))?.first ?? ""
        let numbers = ScrollID(text)?.contexts ?? []
        let failures = numbers.map {
            #"{"shard":-1,"index":null,"reason":\#(RequestError.contextMissing($0).reasonBody)}"#
        }
        let shards =
            #"{"total":\#(numbers.count),"successful":0,"skipped":0,"failed":\#(numbers.count),"#
            + #""failures":[\#(failures.joined(separator: ","))]}"#
        let hits = #"{"total":{"value":0,"relation":"eq"},"max_score":null,"hits":[]}"#
        return .statusLosingContext(
            404,
            #"{"_scroll_id":\#(JSONWriter.quoted(text)),"took":1,"timed_out":false,"_shards":\#(shards),"hits":\#(hits)}"#
        )
    }

    private func refusedShards(_ route: Route, _ info: RequestInfo) -> Fault {
        let index = firstIndex(route, info)
        return refused(.missingShards(index: index.name, shard: index.shards - 1))
    }

    /// The index whose shard raises an error.
    private func firstIndex(_ route: Route, _ info: RequestInfo) -> (name: String, shards: Int) {
        let first = (try? resolve(route.index, info.parameters))?.first
        return first.map { ($0.name, $0.index.shards) } ?? (route.index ?? "_all", 1)
    }

    /// Frees what the ids in a continuation or clear name.
    private func loseContexts(_ info: RequestInfo) {
        let numbers = contextNumbers(info)
        state.withLock { state in
            for number in numbers { _ = state.free(number) }
        }
    }

    private func expire(_ info: RequestInfo) {
        let numbers = contextNumbers(info)
        state.withLock { state in
            for number in numbers { state.expire(number) }
        }
    }

    private func contextNumbers(_ info: RequestInfo) -> [UInt64] {
        let ids = (try? scrollIDs(of: info).compactMap(ScrollID.init)) ?? []
        return ids.filter { $0.session == session }.compactMap(\.contexts.first)
    }
}

/// What a fault changes in an answer that is otherwise given as usual.
struct AnswerChanges {
    var shards: (successful: Int, total: Int)?
    var timesOut = false
    var shrink = 0
    var losesShard = false
    var repeatsPage = false
    var hasBadUTF8 = false

    /// A total less what the fault takes away.
    func shrunk(_ total: Int) -> Int { max(0, total - shrink) }
}

/// Pages that proxies put in the place of an answer.
enum ProxyPage {
    static func html(_ title: String) -> String {
        "<html>\r\n<head><title>\(title)</title></head>\r\n<body>\r\n<center><h1>\(title)</h1></center>\r\n"
            + "</body>\r\n</html>\r\n"
    }
}
