import Glibc

/// Small files read and written as a whole.
package enum WholeFile {
    /// Reads a file.
    ///
    /// - Throws: `unreadableFile`.
    package static func read(_ path: String) throws(DatasetError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unreadable(path, errno) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count == 0 { return bytes }
            if count > 0 {
                bytes += chunk[..<count]
            } else if errno != EINTR {
                throw unreadable(path, errno)
            }
        }
    }

    /// Writes a file beside its place, brings it to disk and moves it there, so that no reader sees a part of it.
    /// Its mode is 0600: it may hold words of people's logs.
    ///
    /// - Throws: `unwritable`; a file that stood there before is then unchanged.
    package static func write(_ bytes: [UInt8], to path: String) throws(DatasetError) {
        let partial = PartialFile.path(of: path)
        let descriptor = PartialFile.create(partial)
        guard descriptor >= 0 else { throw unwritable(path, errno) }
        defer { close(descriptor) }
        var failure = writeAll(bytes, to: descriptor)
        if failure == 0 { failure = PartialFile.move(descriptor, partial, to: path) }
        if failure != 0 {
            unlink(partial)
            throw unwritable(path, failure)
        }
    }

    /// Writes all bytes; returns 0 or the `errno` of the failure.
    private static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
        bytes.withUnsafeBytes { rest in
            var rest = rest[...]
            while !rest.isEmpty {
                let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count >= 0 {
                    rest = rest.dropFirst(count)
                } else if errno != EINTR {
                    return errno
                }
            }
            return 0
        }
    }

    private static func unreadable(_ path: String, _ code: Int32) -> DatasetError {
        DatasetError(.unreadableFile, "Cannot read \(path): \(text(code)). Check the path and its rights.")
    }

    private static func unwritable(_ path: String, _ code: Int32) -> DatasetError {
        DatasetError(
            .unwritable, "Cannot write \(path): \(text(code)). Check the folder, its rights and the free space.")
    }

    private static func text(_ code: Int32) -> String { String(cString: strerror(code)) }
}
