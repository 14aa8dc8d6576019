// What libFuzzer calls: any bytes at all, masked in turn by one masker, under the address sanitizer.

import Glibc

nonisolated(unsafe) private let masker = LogMasker()

@c(LLVMFuzzerTestOneInput) public func maskInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // A copy of its own, so that a look beyond its end is seen.
    let message = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 1)
    defer { message.deallocate() }
    if let bytes { message.copyMemory(from: UnsafeRawBufferPointer(start: bytes, count: count)) }
    let isValid = masker.withMasked(UnsafeRawBufferPointer(message)) { masked in
        masked.withMemoryRebound(to: UInt8.self) { masked in
            masked.baseAddress.map { UTF8Repair.validPrefix($0, count: masked.count) == masked.count } ?? true
        }
    }
    precondition(isValid, "the masked text is no UTF-8")
    precondition(masker.steps <= 64 * count + 1024, "more than 64 steps a byte")
    return 0
}
