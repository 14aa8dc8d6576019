import FoundationEssentials
import Glibc
import OpenSearchScrollTesting
import OpniLogTraining
import Testing

@testable import opnilog_train

/// A machine that refuses libtorch large blocks of memory, as one that is short of it does.
@Suite(
    "training short of memory",
    .enabled(if: Prerequisites.runsTorch, "no bridge to libtorch: make libtorch, or set OPNILOG_TORCH"),
    .timeLimit(.minutes(30)))
struct ShortOfMemoryTests {
    private let folder = TestFolder()

    /// 300 lines of 24 words of 80 each, no two alike, so that every one is a row set of its own.
    private func logs() throws {
        var text = ""
        for line in 0..<300 {
            let words = (0..<24).map { "word" + Self.letters((line + $0 * (line % 17 + 1)) % 80) }
            text += words.joined(separator: " ") + "\n"
        }
        try folder.write("in.log", text)
    }

    /// A name without digits, which would be masked.
    private static func letters(_ number: Int) -> String {
        String(decoding: [97 + UInt8(number / 26), 97 + UInt8(number % 26)], as: UTF8.self)
    }

    /// A library in front of the C library's that refuses libtorch blocks above a size.
    private func refusing(above size: Int) throws -> String {
        try folder.write(
            "refusing.c",
            """
            #define _GNU_SOURCE
            #include <dlfcn.h>
            #include <errno.h>
            #include <string.h>
            int posix_memalign(void **block, size_t alignment, size_t size) {
                int (*next)(void **, size_t, size_t) = dlsym(RTLD_NEXT, "posix_memalign");
                Dl_info caller;
                if (size > \(size) && dladdr(__builtin_return_address(0), &caller) != 0 && strstr(caller.dli_fname, "libc10"))
                    return ENOMEM;
                return next(block, alignment, size);
            }
            """)
        let library = folder.path("refusing.so")
        try #require(system("cc -shared -fPIC -o '\(library)' '\(folder.path("refusing.c"))' -ldl") == 0)
        return library
    }

    private func train(_ name: String, _ environment: [String: String]) async throws -> ProgramRun {
        try await ProgramRun.of(
            [
                "train", "--input", folder.path("in.log"), "--output", folder.path(name), "--samples", "256",
                "--epochs", "1", "--batch-size", "64", "--threads", "2", "--device", "cpu", "--progress", "none",
            ], environment: Prerequisites.environment.merging(environment) { $1 })
    }

    private func losses(_ name: String) throws -> [Double] {
        try folder.text("\(name)/metrics.jsonl").split(separator: "\n").compactMap {
            struct Line: Decodable { let loss: Double? }
            return try JSONDecoder().decode(Line.self, from: Data($0.utf8)).loss
        }
    }

    @Test("batches are computed in parts that fit, and come to the same")
    func partsThatFit() async throws {
        try logs()
        let all = try await train("all", [:])
        try #require(all.code == 0, "\(all.errors)")
        let short = try await train("short", ["LD_PRELOAD": try refusing(above: 1 << 20)])
        try #require(short.code == 0, "\(short.errors)")
        #expect(!all.errors.contains("memory ran out"))
        #expect(short.errors.contains("memory ran out; batches are computed in parts of "), "\(short.errors)")
        let (wanted, found) = (try losses("all"), try losses("short"))
        #expect(wanted.count == found.count && wanted.count >= 4)
        for (wanted, found) in zip(wanted, found) { #expect(abs(wanted - found) < 1e-3 * wanted) }
    }

    @Test("where not even one log fits, it is said to be memory that lacks")
    func nothingFits() async throws {
        try logs()
        let run = try await train("none", ["LD_PRELOAD": try refusing(above: 1 << 16)])
        #expect(run.code == 69, "\(run.errors)")
        #expect(run.errors.contains("can't allocate memory"), "\(run.errors)")
        #expect(run.errors.contains("free memory there, or choose another device."), "\(run.errors)")
    }
}
