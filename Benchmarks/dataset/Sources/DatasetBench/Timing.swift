import Glibc
import LogDataset

/// Seconds that this thread's processor worked for `body`: a busy machine does not change them much.
func processorSeconds(_ body: () throws -> Void) rethrows -> Double {
    let start = clock(CLOCK_THREAD_CPUTIME_ID)
    try body()
    return clock(CLOCK_THREAD_CPUTIME_ID) - start
}

/// The median by the clock of several runs of `body`, in seconds.
func medianSeconds(_ runs: Int, _ body: () async throws -> Void) async rethrows -> Double {
    var seconds: [Double] = []
    for _ in 0..<runs {
        let start = clock(CLOCK_MONOTONIC)
        try await body()
        seconds.append(clock(CLOCK_MONOTONIC) - start)
    }
    return seconds.sorted()[runs / 2]
}

private func clock(_ id: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(id, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// A name and a figure on a line.
func report(_ name: String, _ value: Double, _ unit: String) {
    let digits = value >= 100 ? 0 : value >= 1 ? 2 : 4
    let name = name.padding(to: 66)
    print("\(name) \(grouped(value, digits)) \(unit)")
    fflush(nil)
}

private func grouped(_ value: Double, _ digits: Int) -> String {
    let scale = (0..<digits).reduce(1.0) { scale, _ in scale * 10 }
    let scaled = Int((value * scale).rounded())
    let (whole, part) = scaled.quotientAndRemainder(dividingBy: Int(scale))
    var text = ""
    for (index, digit) in String(whole).reversed().enumerated() {
        if index > 0, index % 3 == 0 { text.append(",") }
        text.append(digit)
    }
    let fraction = digits == 0 ? "" : "." + String(repeating: "0", count: digits - String(part).count) + String(part)
    return String(text.reversed()) + fraction
}

extension String {
    fileprivate func padding(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}

/// The cores that this process may use.
let cores = DatasetConfiguration(directory: "/").workers
