import CMicrohttpd
import Glibc

/// Answers as libmicrohttpd sends them: always with their length, never in chunks.
enum HTTPResponse {
    private static let block = 256 * 1024
    /// How many pieces a slow body comes in.
    private static let pieces = 8

    /// Queues an answer that is sent at least in part.
    static func queue(_ answer: HTTPAnswer, on connection: OpaquePointer) -> MHD_Result {
        let size = answer.body.count
        let response =
            switch answer.ending {
            case .cut(let count): lent(answer.body, end: count)
            case .cutShare(let share): lent(answer.body, end: min(size - 1, Int(Double(size) * share)))
            case .dribble(let pause): lent(answer.body, end: size, piece: max(1, size / pieces), pause: pause)
            case .whole, .close, .closeWithNext, .stall:
                size < block ? copied(answer.body) : lent(answer.body, end: size)
            }
        guard let response else { return MHD_Result.NO }
        defer { MHD_destroy_response(response) }
        for (name, value) in answer.headers {
            MHD_add_response_header(response, name, value)
        }
        return MHD_queue_response(connection, answer.status, response)
    }

    private static func copied(_ body: [UInt8]) -> OpaquePointer? {
        body.withUnsafeBytes { bytes in
            // Declared mutable, but only read: MUST_COPY.
            MHD_create_response_from_buffer(
                bytes.count, UnsafeMutableRawPointer(mutating: bytes.baseAddress), .RESPMEM_MUST_COPY)
        }
    }

    /// A body that libmicrohttpd reads block by block from where it is.
    private final class Body {
        let bytes: [UInt8]
        let end: Int
        let piece: Int
        let pause: Duration

        init(_ bytes: [UInt8], _ end: Int, _ piece: Int, _ pause: Duration) {
            self.bytes = bytes
            self.end = end
            self.piece = piece
            self.pause = pause
        }

        /// Waits on the connection's thread, whose other connections wait too.
        func rest() {
            guard pause > .zero else { return }
            let (seconds, attoseconds) = pause.components
            var time = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
            nanosleep(&time, nil)
        }
    }

    private static func lent(
        _ bytes: [UInt8], end: Int, piece: Int = .max, pause: Duration = .zero
    ) -> OpaquePointer? {
        let body = Body(bytes, max(0, min(end, bytes.count)), piece, pause)
        let context = Unmanaged.passRetained(body).toOpaque()
        let response = MHD_create_response_from_callback(
            UInt64(bytes.count), block,
            { context, position, buffer, room in
                guard let context, let buffer else { return opnilog_mhd_end_with_error }
                let body = Unmanaged<Body>.fromOpaque(context).takeUnretainedValue()
                let count = min(room, body.piece, body.end - Int(position))
                guard count > 0 else { return opnilog_mhd_end_with_error }
                body.rest()
                body.bytes.withUnsafeBytes { all in
                    UnsafeMutableRawPointer(buffer).copyMemory(
                        from: UnsafeRawBufferPointer(rebasing: all[Int(position)...]).baseAddress
                            ?? UnsafeRawPointer(buffer),
                        byteCount: count)
                }
                return count
            }, context,
            { context in
                if let context { Unmanaged<Body>.fromOpaque(context).release() }
            })
        if response == nil { Unmanaged<Body>.fromOpaque(context).release() }
        return response
    }
}
