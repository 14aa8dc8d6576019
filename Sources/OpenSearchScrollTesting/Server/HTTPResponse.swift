import CMicrohttpd

/// Answers as libmicrohttpd sends them: always with their length, never in chunks.
enum HTTPResponse {
    private static let block = 256 * 1024

    /// Queues an answer.
    ///
    /// - Parameter cut: after so many bytes of body the connection is closed; nil: the body is sent whole.
    static func queue(_ answer: HTTPAnswer, cut: Int?, on connection: OpaquePointer) -> MHD_Result {
        let response = cut == nil && answer.body.count < block ? copied(answer.body) : lent(answer.body, cut: cut)
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

        init(_ bytes: [UInt8], _ end: Int) {
            self.bytes = bytes
            self.end = end
        }
    }

    private static func lent(_ bytes: [UInt8], cut: Int?) -> OpaquePointer? {
        let body = Body(bytes, min(cut ?? bytes.count, bytes.count))
        let context = Unmanaged.passRetained(body).toOpaque()
        let response = MHD_create_response_from_callback(
            UInt64(bytes.count), block,
            { context, position, buffer, room in
                guard let context, let buffer else { return opnilog_mhd_end_with_error }
                let body = Unmanaged<Body>.fromOpaque(context).takeUnretainedValue()
                let count = min(room, body.end - Int(position))
                guard count > 0 else { return opnilog_mhd_end_with_error }
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
