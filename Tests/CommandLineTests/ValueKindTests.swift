import OpniLogTraining
import Testing

@testable import opnilog_train

@Suite("Values of settings")
struct ValueKindTests {
    @Test(
        "sizes",
        arguments: [
            ("384MiB", 402_653_184), ("2GB", 2_000_000_000), ("1.5GiB", 1_610_612_736), ("4096", 4096), ("1k", 1024),
            ("512Mi", 536_870_912), ("10b", 10), ("3tb", 3_000_000_000_000),
        ])
    func sizes(text: String, bytes: Int) throws {
        #expect(try ValueKind.size().parse(text) == bytes)
    }

    @Test("what is no size", arguments: ["", "MiB", "-1MiB", "1 MiB", "1.2.3k", "12parsec", "0", "99999999999TiB"])
    func noSizes(text: String) {
        #expect(throws: ValueFault.self) { try ValueKind.size().parse(text) }
    }

    @Test("a budget that nothing fits in")
    func leastSize() throws {
        #expect(try ValueKind.size(atLeast: 1 << 26).parse("64MiB") == 1 << 26)
        #expect(throws: ValueFault("a size of at least 64 MiB")) { try ValueKind.size(atLeast: 1 << 26).parse("63MiB") }
    }

    @Test("shares", arguments: [("0.01", 0.01), ("1%", 0.01), ("1", 1), ("0", 0), ("12.5%", 0.125)])
    func shares(text: String, value: Double) throws {
        #expect(try ValueKind.share.parse(text) == value)
    }

    @Test("what is no share", arguments: ["", "%", "1.01", "-0.1", "101%", "nan", "half"])
    func noShares(text: String) {
        #expect(throws: ValueFault.self) { try ValueKind.share.parse(text) }
    }

    @Test(
        "durations",
        arguments: [("500ms", 500), ("60s", 60_000), ("5m", 300_000), ("1.5h", 5_400_000), ("7d", 604_800_000)])
    func durations(text: String, milliseconds: Int) throws {
        #expect(try ValueKind.duration.parse(text) == .milliseconds(milliseconds))
    }

    @Test("what is no duration", arguments: ["", "60", "s", "-5s", "5 s", "5years"])
    func noDurations(text: String) {
        #expect(throws: ValueFault("a time with its unit, such as 500ms, 60s, 5m, 24h or 7d")) {
            try ValueKind.duration.parse(text)
        }
    }

    @Test(
        "moments",
        arguments: [
            ("1970-01-01", 0), ("2026-01-31T12:00:00Z", 1_769_860_800_000), ("2026-01-31 12:00", 1_769_860_800_000),
            ("2026-01-31T14:00:00.5+02:00", 1_769_860_800_500), ("2026-01-31T10:30:00-0130", 1_769_860_800_000),
            ("2024-02-29", 1_709_164_800_000), ("2000-03-01T00:00:00.123456789Z", 951_868_800_123),
            ("1767225600000", 1_767_225_600_000), ("0", 0),
        ] as [(String, Int64)])
    func instants(text: String, milliseconds: Int64) {
        #expect(Instant(text) == .absolute(milliseconds))
    }

    @Test("moments before the start")
    func relative() throws {
        let day = try #require(Instant("-24h"))
        #expect(day.milliseconds(start: 100_000_000) == 13_600_000)
        #expect(Instant("now")?.milliseconds(start: 7) == 7)
    }

    @Test(
        "what is no moment",
        arguments: [
            "", "yesterday", "2026-13-01", "2026-02-29", "2026-01-31T24:00", "2026-01-31T12", "2026-01-31T12:00:00.Z",
            "2026-01-31T12:00:00+2", "-24", "--24h", "2026-1-31", "2026-01-31T12:00:00Zx",
        ])
    func noInstants(text: String) {
        #expect(Instant(text) == nil)
    }

    @Test("a printed moment reads back", arguments: [0, 951_782_400_123, 1_709_164_800_000, 4_102_444_799_999])
    func roundTrip(milliseconds: Int64) {
        #expect(ISO8601.milliseconds(ISO8601.text(milliseconds)) == milliseconds)
    }

    @Test("a printed moment")
    func printed() { #expect(ISO8601.text(1_769_860_800_500) == "2026-01-31T12:00:00.500Z") }

    @Test("devices and page sizes")
    func others() throws {
        #expect(try ValueKind.device.parse("cuda:3") == .cuda(3))
        #expect(try ValueKind.device.parse("cuda") == .cuda(0))
        #expect(throws: ValueFault("one of auto, cpu, cuda, cuda:N")) { try ValueKind.device.parse("cuda:-1") }
        #expect(try ValueKind.pageSize.parse("auto") == .auto)
        #expect(try ValueKind.pageSize.parse("10") == .documents(10))
        #expect(throws: ValueFault.self) { try ValueKind.pageSize.parse("10001") }
    }

    @Test("a URL with a password in it is refused", arguments: ["https://me:pw@host:9200", "http://me@host"])
    func userInURL(url: String) {
        let error = #expect(throws: ValueFault.self) { try ValueKind.endpoint.parse(url) }
        #expect(error?.expected.contains("OPNILOG_PASSWORD") == true)
    }

    @Test(
        "a URL with a query or a fragment is refused, a proxy's too",
        arguments: ["https://host:9200/path?token=x", "http://host?", "http://host#x"])
    func queryInURL(url: String) {
        for kind in [ValueKind<String>.endpoint, ValueKind<String>.proxy] {
            let error = #expect(throws: ValueFault.self) { try kind.parse(url) }
            #expect(error?.expected.hasPrefix("a URL without what follows ? or #;") == true)
        }
    }

    @Test("what is no URL", arguments: ["", "host:9200", "ftp://host", "https://", "https:/host"])
    func noURLs(url: String) {
        #expect(throws: ValueFault("a URL such as https://opensearch.example:9200")) {
            try ValueKind.endpoint.parse(url)
        }
    }

    @Test("numbers and times for people")
    func described() {
        #expect(ByteSize.describe(402_653_184) == "384 MiB")
        #expect(ByteSize.describe(1_610_612_736) == "1.5 GiB")
        #expect(ByteSize.describe(12) == "12 B")
        #expect(TimeSpan.describe(seconds: 185) == "3 min 05 s")
        #expect(TimeSpan.describe(seconds: 7_800) == "2 h 10 min")
        #expect(TimeSpan.describe(seconds: .infinity) == "unknown")
        #expect(Figures.grouped(-1_234_567) == "-1,234,567")
        #expect(Figures.text(-0.004, places: 2) == "0.00")
        #expect(Figures.text(3.14159, places: 3) == "3.142")
        #expect(Figures.text(0.05, places: 1) == "0.1")
    }
}
