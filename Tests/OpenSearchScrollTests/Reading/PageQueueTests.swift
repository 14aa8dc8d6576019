import Testing

@testable import OpenSearchScroll

@Suite("The queue of pages")
struct PageQueueStateTests {
    private func page(_ id: String) throws -> ScrollPage { try decodePage(Answer.page([id], total: 1)).1 }

    private func taken(_ state: inout PageQueueState) throws -> [String]? {
        guard let next = state.take() else { return nil }
        return try next.get()?.ids ?? ["end"]
    }

    @Test("Pages come out in order, then the end")
    func order() throws {
        var state = PageQueueState(limit: 1)
        let taken1 = try taken(&state)
        #expect(taken1 == nil)
        state.add(try page("a"))
        state.add(try page("b"))
        state.finish(nil)
        let taken2 = try taken(&state)
        #expect(taken2 == ["a"])
        let taken3 = try taken(&state)
        #expect(taken3 == ["b"])
        let taken4 = try taken(&state)
        #expect(taken4 == ["end"])
        let taken5 = try taken(&state)
        #expect(taken5 == ["end"])
    }

    @Test("An error comes after what was read before it")
    func error() throws {
        var state = PageQueueState(limit: 1)
        state.add(try page("a"))
        state.finish(OpenSearchError(.scrollLost, "lost"))
        state.finish(nil)
        let taken6 = try taken(&state)
        #expect(taken6 == ["a"])
        #expect(throws: OpenSearchError(.scrollLost, "lost")) { try taken(&state) }
    }

    @Test("One page fits always; above the limit readers wait, in order")
    func room() throws {
        var state = PageQueueState(limit: 1)
        #expect(state.room(forEmpty: false) == .free)
        state.add(try page("a"))
        #expect(state.room(forEmpty: false) == nil)
        state.wait(1, forEmpty: true)
        state.wait(2, forEmpty: false)
        let settled7 = state.settled()
        #expect(settled7.isEmpty)
        _ = state.take()
        let settled8 = state.settled()
        #expect(settled8.map(\.0) == [1, 2])
        var wide = PageQueueState(limit: 1 << 20)
        wide.add(try page("a"))
        #expect(wide.room(forEmpty: false) == .free && wide.room(forEmpty: true) == nil)
    }

    @Test("Whoever waits too long is told, and only then")
    func overdue() throws {
        var state = PageQueueState(limit: 1)
        state.add(try page("a"))
        state.expire(1)
        state.wait(1, forEmpty: false)
        let settled9 = state.settled()
        #expect(settled9.isEmpty)
        state.expire(1)
        let settled10 = state.settled()
        #expect(settled10.map(\.1) == [.overdue])
        let settled11 = state.settled()
        #expect(settled11.isEmpty)
    }

    @Test("When nobody reads any more, readers are told and pages let go")
    func closed() throws {
        var state = PageQueueState(limit: 1)
        state.add(try page("a"))
        state.wait(1, forEmpty: false)
        state.close()
        let settled12 = state.settled()
        #expect(settled12.map(\.1) == [.closed])
        state.add(try page("b"))
        #expect(throws: OpenSearchError.self) { try taken(&state) }
        #expect(state.room(forEmpty: false) == .closed)
    }
}

@Suite("Waiting at the queue of pages", .timeLimit(.minutes(30)))
struct PageQueueTests {
    @Test("A consumer and many readers: every page arrives once")
    func everything() async throws {
        let queue = PageQueue(limit: 2_000)
        let pages = try (0..<400).map { try decodePage(Answer.page(["\($0)"], total: 1)).1 }
        let readers = Task {
            await withTaskGroup(of: Void.self) { group in
                for reader in 0..<4 {
                    group.addTask {
                        for page in pages[reader * 100..<(reader + 1) * 100] {
                            guard await queue.waitForRoom(atMost: .seconds(60)) == .free else { return }
                            queue.add(page)
                        }
                    }
                }
            }
            queue.finish(nil)
        }
        var ids: [String] = []
        while let page = try await queue.next().get() { ids += page.ids }
        await readers.value
        #expect(ids.sorted() == (0..<400).map { "\($0)" }.sorted())
    }

    @Test("A reader that waits too long, or is cancelled, is told; so is one whose consumer goes")
    func told() async throws {
        let queue = PageQueue(limit: 1)
        queue.add(try decodePage(Answer.page(["a"], total: 1)).1)
        #expect(await queue.waitForRoom(atMost: .milliseconds(1)) == .overdue)
        let cancelled = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return await queue.waitUntilEmpty()
        }
        #expect(await cancelled.value == .overdue)
        async let waiting = queue.waitUntilEmpty()
        queue.close()
        #expect(await waiting == .closed)
    }

    @Test("A consumer that is cancelled gets an error at once")
    func cancelled() async {
        let queue = PageQueue(limit: 1)
        let consumer = Task { await queue.next() }
        consumer.cancel()
        guard case .failure(let error) = await consumer.value else {
            Issue.record("there was no page to get")
            return
        }
        #expect(error.code == .cancelled)
    }
}
