import Testing

@testable import OpenSearchScroll

@Suite("The size of pages")
struct PageSizingTests {
    @Test("Small documents make large pages, large ones small pages, and nothing is known at first")
    func byBytes() {
        var sizing = PageSizing()
        #expect(sizing.size == 1_000)
        sizing.observe(documents: 1_000, bytes: 1_000 * 280)
        #expect(sizing.size == 10_000)
        sizing.observe(documents: 10, bytes: 10 << 20)
        #expect(sizing.size == 4)
        sizing.observe(documents: 1, bytes: 100 << 20)
        #expect(sizing.size == 1)
        for _ in 0..<200 { sizing.observe(documents: 1, bytes: 300) }
        #expect(sizing.size == 10_000)
    }

    @Test("Pages of several scrolls at once are half as large")
    func several() {
        var sizing = PageSizing()
        sizing.observe(documents: 10, bytes: 10 << 20)
        sizing.scrolls = 2
        #expect(sizing.size == 2)
    }

    @Test("What was too much is halved, or cut by its bytes, and grows back with pages that come well")
    func shrinking() {
        var sizing = PageSizing()
        sizing.observe(documents: 1_000, bytes: 280_000)
        var did = sizing.shrink(from: 10_000)
        #expect(did && sizing.size == 5_000)
        did = sizing.shrink(from: 5_000)
        #expect(did && sizing.size == 2_500)
        for _ in 0..<3 { sizing.observe(documents: 2_500, bytes: 700_000) }
        #expect(sizing.size == 2_500)
        sizing.observe(documents: 2_500, bytes: 700_000)
        #expect(sizing.size == 5_000)
        for _ in 0..<8 { sizing.observe(documents: 2_500, bytes: 700_000) }
        #expect(sizing.size == 10_000)
        did = sizing.shrink(from: 1_000, bytes: 1_000 << 20)
        #expect(did && sizing.size == 4)
        did = sizing.shrink(from: 1)
        #expect(!did)
    }

    @Test("A size asked for is kept, but where it does not work")
    func fixed() {
        var sizing = PageSizing(fixed: 20_000)
        sizing.observe(documents: 20_000, bytes: 200 << 20)
        #expect(sizing.size == 20_000)
        var did = sizing.restrict(to: 10_000)
        #expect(!did && sizing.size == 20_000)
        #expect(sizing.maximumBytes(size: 20_000, hard: 256 << 20) == 256 << 20)
        did = sizing.shrink(from: 20_000)
        #expect(did && sizing.size == 10_000)
    }

    @Test("The limit of an index is learnt; a limit that would change nothing is not")
    func restricted() {
        var sizing = PageSizing()
        sizing.observe(documents: 1_000, bytes: 280_000)
        var did = sizing.restrict(to: 500)
        #expect(did && sizing.size == 500)
        for _ in 0..<8 { sizing.observe(documents: 500, bytes: 140_000) }
        #expect(sizing.size == 500)
        did = sizing.restrict(to: 500)
        #expect(!did)
    }

    @Test("Larger answers than one wants are broken off only while a page may be smaller")
    func maximumBytes() {
        let sizing = PageSizing()
        #expect(sizing.maximumBytes(size: 100, hard: 256 << 20) == 16 << 20)
        #expect(sizing.maximumBytes(size: 1, hard: 256 << 20) == 256 << 20)
        #expect(sizing.maximumBytes(size: 100, hard: 1 << 20) == 1 << 20)
    }
}

@Suite("Whole documents or the field alone")
struct SourceChoiceTests {
    private func choice(documentBytes: Int, messageBytes: Int, linkRate: Double) -> SourceChoice {
        var choice = SourceChoice()
        choice.observe(documents: 1_000, bytes: 1_000 * documentBytes, messageBytes: 1_000 * messageBytes)
        choice.observe(bytes: 8 << 20, seconds: Double(8 << 20) / linkRate)
        return choice
    }

    @Test("Whole while nothing is known; then by what the rest of a document costs the link")
    func prefers() {
        #expect(SourceChoice().prefersWhole && !SourceChoice().isLinkSlow)
        #expect(choice(documentBytes: 300, messageBytes: 200, linkRate: 1e9).prefersWhole)
        #expect(choice(documentBytes: 300, messageBytes: 200, linkRate: 100e6).prefersWhole)
        #expect(!choice(documentBytes: 600, messageBytes: 200, linkRate: 100e6).prefersWhole)
        #expect(!choice(documentBytes: 20_000, messageBytes: 200, linkRate: 2e9).prefersWhole)
        #expect(choice(documentBytes: 300, messageBytes: 290, linkRate: 10e6).isLinkSlow)
        #expect(!choice(documentBytes: 300, messageBytes: 290, linkRate: 100e6).isLinkSlow)
    }

    @Test("Small answers tell nothing of the link, and the fastest tells what it can do")
    func link() {
        var choice = SourceChoice()
        choice.observe(bytes: 1_000, seconds: 1)
        #expect(choice.linkRate == 0)
        choice.observe(bytes: 1 << 20, seconds: 1)
        choice.observe(bytes: 1 << 20, seconds: 0.001)
        choice.observe(bytes: 1 << 20, seconds: 0.1)
        #expect(choice.linkRate == Double(1 << 20) / 0.001)
    }
}

@Suite("When to try again")
struct PersistenceTests {
    private let start = ContinuousClock.now
    private let lost = OpenSearchError(.connectionLost, "lost", isTransient: true)

    private func persistence(attempts: Int, patience: Duration) -> Persistence {
        var configuration = OpenSearchConfiguration(endpoints: ["http://host"], attempts: attempts, patience: patience)
        configuration.firstBackoff = .seconds(1)
        return Persistence(configuration)
    }

    @Test("A server never reached is given up after so many attempts")
    func neverReached() {
        var persistence = persistence(attempts: 3, patience: .seconds(300))
        let wait1 = persistence.delay(after: lost, isReached: false, now: start, random: 1)
        #expect(wait1 == .seconds(1))
        let wait2 = persistence.delay(after: lost, isReached: false, now: start, random: 1)
        #expect(wait2 == .seconds(2))
        let wait3 = persistence.delay(after: lost, isReached: false, now: start, random: 1)
        #expect(wait3 == nil)
        #expect(persistence.retries == 2)
    }

    @Test("One that has answered is waited for, from the first failure since something moved")
    func reached() {
        var persistence = persistence(attempts: 3, patience: .seconds(300))
        for second in 0..<10 {
            let now = start + .seconds(second * 30)
            let wait4 = persistence.delay(after: lost, isReached: true, now: now, random: 0)
            #expect(wait4 != nil, "after \(second * 30) s")
        }
        persistence.progress()
        let wait5 = persistence.delay(after: lost, isReached: true, now: start + .seconds(400), random: 1)
        #expect(wait5 == .seconds(1))
        let wait6 = persistence.delay(after: lost, isReached: true, now: start + .seconds(699), random: 0)
        #expect(wait6 != nil)
        let wait7 = persistence.delay(after: lost, isReached: true, now: start + .seconds(700), random: 0)
        #expect(wait7 == nil)
    }

    @Test("A server that cannot be reached is the next one's turn, at once; all of them in turn are one failure")
    func severalServers() {
        var configuration = OpenSearchConfiguration(endpoints: ["http://a", "http://b", "http://c"], attempts: 2)
        configuration.firstBackoff = .seconds(1)
        var persistence = Persistence(configuration).impatient
        var refused = OpenSearchError(.connectionRefused, "refused", isTransient: true)
        refused.isRepeatable = true
        func wait(_ error: OpenSearchError) -> Duration? {
            persistence.delay(after: error, isReached: true, now: start, random: 1)
        }
        let waits = [refused, refused, refused, refused, lost].map { wait($0) }
        #expect(waits == [.zero, .zero, .seconds(1), .zero, nil])
    }

    @Test("What waiting does not mend is not waited for; what the server asks to wait is waited")
    func kinds() {
        var persistence = persistence(attempts: 9, patience: .zero)
        let wrong = OpenSearchError(.forbidden, "no")
        let wait8 = persistence.delay(after: wrong, isReached: true, now: start, random: 1)
        #expect(wait8 == nil)
        var busy = OpenSearchError(.overloaded, "busy", isTransient: true)
        busy.retryAfter = .seconds(7)
        let wait9 = persistence.delay(after: busy, isReached: true, now: start, random: 0)
        #expect(wait9 == .seconds(7))
        busy.retryAfter = .seconds(7_000)
        let wait10 = persistence.delay(after: busy, isReached: true, now: start, random: 0)
        #expect(wait10 == .seconds(30))
        var patient = self.persistence(attempts: 9, patience: .seconds(300))
        let wait11 = patient.delay(after: busy, isReached: true, now: start, random: 0)
        #expect(wait11 == .seconds(300))
    }
}
