import CMicrohttpd
import Glibc
import Synchronization

/// The wire: takes requests from libmicrohttpd's threads, has them answered, sends the answers.
final class HTTPListener: Sendable {
    private struct Running {
        // Both are handles of libmicrohttpd's, which may be used from any thread.
        nonisolated(unsafe) var daemon: OpaquePointer?
        nonisolated(unsafe) var stalled: [OpaquePointer] = []
        var isStopping = false
        /// Connections that are still to be closed before anything of them is read.
        var refusals = 0
    }

    private let running = Mutex(Running())
    private let answer: @Sendable (IncomingRequest) -> HTTPAnswer
    private let mostBytes: Int

    /// - Parameter answer: called on the listener's threads, several at once.
    init(_ configuration: OpenSearchServer.Configuration, answer: @escaping @Sendable (IncomingRequest) -> HTTPAnswer)
        throws(OpenSearchServerError)
    {
        self.answer = answer
        mostBytes = configuration.maximumRequestBytes
        if configuration.identity != nil, MHD_is_feature_supported(.FEATURE_TLS) != MHD_Result.YES {
            throw OpenSearchServerError(
                code: .noTLS, message: "this libmicrohttpd was built without TLS; serve plain HTTP instead")
        }
        // The listener is alive as long as its daemon: `stop` runs before it goes.
        let context = Unmanaged.passUnretained(self).toOpaque()
        let threads = UInt32(max(1, configuration.threads))
        let daemon =
            if let identity = configuration.identity {
                identity.certificate.withCString { certificate in
                    identity.key.withCString { key in
                        opnilog_mhd_start(
                            configuration.port, threads, certificate, key, HTTPListener.accept, HTTPListener.handle,
                            HTTPListener.completed, context)
                    }
                }
            } else {
                opnilog_mhd_start(
                    configuration.port, threads, nil, nil, HTTPListener.accept, HTTPListener.handle,
                    HTTPListener.completed, context)
            }
        guard let daemon else {
            let reason = String(cString: strerror(errno))
            let certificate = configuration.identity == nil ? "" : ", and check the certificate"
            throw OpenSearchServerError(
                code: .cannotListen,
                message:
                    "cannot listen on 127.0.0.1:\(configuration.port) (\(reason)); choose another port, or 0 for any "
                    + "that is free" + certificate)
        }
        running.withLock { $0.daemon = daemon }
    }

    /// The port that is listened on.
    var port: Int {
        running.withLock { $0.daemon.map { Int(opnilog_mhd_port($0)) } ?? 0 }
    }

    /// Ends all connections and waits for the threads; a second call does nothing.
    func stop() {
        let daemon = running.withLock { running in
            running.isStopping = true
            // libmicrohttpd does not stop over suspended connections.
            for connection in running.stalled { MHD_resume_connection(connection) }
            running.stalled = []
            defer { running.daemon = nil }
            return running.daemon.map { UInt(bitPattern: $0) }
        }
        if let daemon { MHD_stop_daemon(OpaquePointer(bitPattern: daemon)) }
    }

    /// The body of one request as it comes in, and what it led to.
    private final class Exchange {
        var request: IncomingRequest
        var isStalled = false
        /// Bytes of body so far, those included that were too many to keep.
        var received = 0

        init(_ request: IncomingRequest) { self.request = request }
    }

    private static let accept: MHD_AcceptPolicyCallback = { context, _, _ in
        guard let context else { return MHD_Result.NO }
        return Unmanaged<HTTPListener>.fromOpaque(context).takeUnretainedValue().running.withLock { running in
            guard running.refusals > 0 else { return MHD_Result.YES }
            running.refusals -= 1
            return MHD_Result.NO
        }
    }

    private static let handle: MHD_AccessHandlerCallback = {
        context, connection, path, method, _, data, size, exchangeSlot in
        guard let context, let connection, let path, let method, let size, let exchangeSlot else {
            return MHD_Result.NO
        }
        let listener = Unmanaged<HTTPListener>.fromOpaque(context).takeUnretainedValue()
        guard let held = exchangeSlot.pointee else {
            let exchange = Exchange(
                IncomingRequest(
                    method: String(cString: method), path: String(cString: path),
                    parameters: values(of: connection, .GET_ARGUMENT_KIND),
                    headers: values(of: connection, MHD_ValueKind.HEADER_KIND)))
            exchangeSlot.pointee = Unmanaged.passRetained(exchange).toOpaque()
            return MHD_Result.YES
        }
        let exchange = Unmanaged<Exchange>.fromOpaque(held).takeUnretainedValue()
        if size.pointee > 0, let data {
            exchange.received += size.pointee
            if exchange.received <= listener.mostBytes {
                exchange.request.body.append(contentsOf: UnsafeRawBufferPointer(start: data, count: size.pointee))
            }
            size.pointee = 0
            return MHD_Result.YES
        }
        return listener.finish(exchange, connection)
    }

    private static let completed: MHD_RequestCompletedCallback = { _, _, exchangeSlot, _ in
        guard let held = exchangeSlot?.pointee else { return }
        Unmanaged<Exchange>.fromOpaque(held).release()
    }

    private func finish(_ exchange: Exchange, _ connection: OpaquePointer) -> MHD_Result {
        // A stalled connection comes back here only when the server stops.
        if exchange.isStalled { return MHD_Result.NO }
        guard exchange.received <= mostBytes else {
            return HTTPResponse.queue(HTTPAnswer(status: 413, headers: []), on: connection)
        }
        let answer = answer(exchange.request)
        switch answer.ending {
        case .close: return MHD_Result.NO
        case .closeWithNext:
            running.withLock { $0.refusals += 1 }
            return MHD_Result.NO
        case .stall:
            return running.withLock { running in
                guard !running.isStopping else { return MHD_Result.NO }
                exchange.isStalled = true
                running.stalled.append(connection)
                MHD_suspend_connection(connection)
                return MHD_Result.YES
            }
        case .whole, .cut, .cutShare, .dribble: return HTTPResponse.queue(answer, on: connection)
        }
    }

    private static func values(of connection: OpaquePointer, _ kind: MHD_ValueKind) -> [String: String] {
        final class Collector { var values: [String: String] = [:] }
        let collector = Collector()
        let collect: MHD_KeyValueIterator = { context, kind, key, value in
            guard let context, let key else { return MHD_Result.YES }
            let collector = Unmanaged<Collector>.fromOpaque(context).takeUnretainedValue()
            let name = String(cString: key)
            // Names of header fields know no case; those of parameters do.
            let shown = kind == MHD_ValueKind.HEADER_KIND ? name.lowercased() : name
            collector.values[shown] = value.map { String(cString: $0) } ?? ""
            return MHD_Result.YES
        }
        withExtendedLifetime(collector) {
            _ = MHD_get_connection_values(connection, kind, collect, Unmanaged.passUnretained(collector).toOpaque())
        }
        return collector.values
    }
}
