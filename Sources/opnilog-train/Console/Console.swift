import Dispatch
import Synchronization

/// Shows how a run is going, on standard error, and keeps its memory record. One a run; safe to share.
///
/// A timer on a queue of its own reads the state that the command sets, so that a busy cooperative pool never holds
/// the display back and setting the state costs a lock.
final class Console: Sendable {
    /// What goes to standard output while a stage lasts.
    enum Results: Sendable {
        case none
        case written
        /// Answers to what comes through a pipe, perhaps for as long as the machine runs.
        case streamed
    }

    /// How much of a stage is shown.
    private enum Manner {
        case all
        /// Nothing until it has taken five seconds: what is answered at once needs no words.
        case late
        case nothing
    }

    private struct Inner {
        var manner = Manner.all
        var state: ProgressState?
        var refresh: (@Sendable (inout ProgressState) -> Void)?
        var record: (@Sendable (ProgressState) -> Void)?
        var lastRecord: ContinuousClock.Instant?
        var stageStart = ContinuousClock.now
        var lastShown: ContinuousClock.Instant?
        var lineIsOpen = false
        var memoryLog: MemoryLog?
    }

    private let style: ProgressStyle
    private let isLive: Bool
    private let sharesTerminal: Bool
    private let inner = Mutex(Inner())
    private let timer: Mutex<any DispatchSourceTimer>

    /// - Parameters:
    ///   - isTerminal: whether standard error is one; a live line is shown only there.
    ///   - sharesTerminal: whether standard output is the same one; a live line would stand among results there.
    init(
        style: ProgressStyle, isTerminal: Bool = StandardError.isTerminal,
        sharesTerminal: Bool = StandardError.sharesTerminal
    ) {
        self.style = style
        self.sharesTerminal = sharesTerminal
        isLive = style == .auto && isTerminal
        let timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "opnilog.console"))
        timer.schedule(deadline: .now() + .milliseconds(250), repeating: .milliseconds(250))
        self.timer = Mutex(timer)
        self.timer.withLock { timer in
            timer.setEventHandler { [weak self] in self?.tick() }
            timer.resume()
        }
    }

    deinit { timer.withLock { $0.cancel() } }

    /// Begins a stage; the line of the one before it stays on the screen as it was at its end.
    /// - Parameters:
    ///   - doneBefore: what an earlier run has done of it.
    ///   - results: what goes to standard output meanwhile.
    ///   - refresh: brings the figures up to date whenever they are about to be shown; must be quick.
    ///   - record: keeps them, every five seconds and at the stage's end, however they are shown.
    func begin(
        _ stage: String, unit: String, total: Int? = nil, doneBefore: Int = 0, results: Results = .none,
        refresh: (@Sendable (inout ProgressState) -> Void)? = nil, record: (@Sendable (ProgressState) -> Void)? = nil
    ) {
        endStage()
        inner.withLock { inner in
            inner.stageStart = .now
            inner.refresh = refresh
            inner.record = record
            inner.lastRecord = .now
            inner.state = ProgressState(
                stage: stage, unit: unit, done: doneBefore, doneBefore: doneBefore, total: total)
            inner.lastShown = .now
            inner.manner = manner(results)
            if !isLive, inner.manner == .all { show(&inner) }
        }
    }

    /// Whoever asks for a style gets it, whatever else is written.
    private func manner(_ results: Results) -> Manner {
        guard style == .auto, results != .none else { return .all }
        if isLive { return sharesTerminal ? .nothing : .all }
        return results == .streamed ? .nothing : .late
    }

    func update(_ change: (inout ProgressState) -> Void) {
        inner.withLock { inner in
            if inner.state != nil { change(&inner.state!) }  // Not nil: tested just before, under the lock.
        }
    }

    /// Shows the stage's last figures.
    func endStage() {
        inner.withLock { inner in
            guard inner.state != nil else { return }
            if inner.manner == .all { show(&inner) }
            record(&inner)
            inner.state = nil
            inner.refresh = nil
            inner.record = nil
            closeLine(&inner)
        }
    }

    /// A message of its own line, such as a warning.
    func note(_ text: String) {
        inner.withLock { inner in
            if isLive, inner.lineIsOpen { StandardError.write("\r\u{1B}[K") }
            inner.lineIsOpen = false
            switch style {
            case .json:
                StandardError.write(
                    line: JSONText.object([("event", "\"note\""), ("text", JSONText.string(text))]))
            case .auto, .plain, .none: StandardError.write(line: "opnilog-train: " + text)
            }
        }
    }

    /// From now on also writes resident memory over time to `log`, every second.
    func keep(_ log: MemoryLog) { inner.withLock { $0.memoryLog = log } }

    /// Ends the display. The memory log gets a last line.
    func finish() {
        endStage()
        timer.withLock { $0.cancel() }
        inner.withLock { inner in
            inner.memoryLog?.record(stage: "end", isLast: true)
            inner.memoryLog = nil
        }
    }

    private func tick() {
        inner.withLock { inner in
            inner.memoryLog?.record(stage: inner.state?.stage ?? "", isLast: false)
            if let last = inner.lastRecord, last.duration(to: .now) >= .seconds(5) { record(&inner) }
            guard inner.state != nil, style != .none, inner.manner != .nothing else { return }
            if !isLive, let last = inner.lastShown, last.duration(to: .now) < .seconds(5) { return }
            inner.manner = .all
            show(&inner)
        }
    }

    private func record(_ inner: inout Inner) {
        guard var state = inner.state, let record = inner.record else { return }
        state.seconds = inner.stageStart.duration(to: .now) / .seconds(1)
        inner.refresh?(&state)
        inner.lastRecord = .now
        record(state)
    }

    private func show(_ inner: inout Inner) {
        guard var state = inner.state, style != .none else { return }
        state.seconds = inner.stageStart.duration(to: .now) / .seconds(1)
        inner.refresh?(&state)
        state.resident = ProcessMemory.resident()
        inner.lastShown = .now
        if isLive {
            StandardError.write(ProgressLine.live(state, columns: StandardError.columns))
            inner.lineIsOpen = true
        } else {
            StandardError.write(line: style == .json ? ProgressLine.json(state) : ProgressLine.plain(state))
        }
    }

    /// Ends the live line, unless somebody is just writing it; never waits.
    func breakLine() { _ = inner.withLockIfAvailable { closeLine(&$0) } }

    private func closeLine(_ inner: inout Inner) {
        if inner.lineIsOpen { StandardError.write("\n") }
        inner.lineIsOpen = false
    }
}
