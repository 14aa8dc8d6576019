import LogDataset

/// How far a stage of a run has come: a value, so that every way of showing it can be tested without a clock.
struct ProgressState: Sendable, Equatable {
    /// What is being done, such as "reading" or "training".
    var stage: String
    /// What is counted: "documents", "steps".
    var unit: String
    var done = 0
    /// How many of `done` an earlier run did, whose time is not known here.
    var doneBefore = 0
    /// How many there will be; nil if that is not known.
    var total: Int?
    var bytes = 0
    /// Who waited for whom, in seconds summed over those who did.
    var stalls: [Wait] = []
    /// Further figures, such as a loss, in their order.
    var notes: [Note] = []
    /// Seconds since the stage began.
    var seconds = 0.0
    /// Resident bytes of the process.
    var resident = 0

    struct Wait: Sendable, Equatable {
        let stall: Stall
        let seconds: Double

        /// As people read it.
        var name: String {
            switch stall {
            case .readingForMasking: "reading for masking"
            case .maskingForReading: "masking for network"
            case .trainingForBatches: "training for batches"
            }
        }
    }

    struct Note: Sendable, Equatable {
        let name: String
        let value: Double
        let places: Int
    }

    var rate: Double { seconds > 0 ? Double(done - doneBefore) / seconds : 0 }

    /// Seconds to go at the rate so far.
    var remaining: Double? {
        guard let total, done > 0, total >= done, rate > 0 else { return nil }
        return Double(total - done) / rate
    }
}

/// The ways of showing progress.
enum ProgressLine {
    /// One line for people: `reading  1,200,000 of 10,000,000 documents  12%  …`.
    static func plain(_ state: ProgressState) -> String {
        var parts = [state.stage, count(state)]
        if let total = state.total, total > 0 { parts.append("\(min(state.done, total) * 100 / total)%") }
        if state.bytes > 0 { parts.append(ByteSize.describe(state.bytes)) }
        if state.done > state.doneBefore, state.seconds > 0 {
            let rate =
                state.rate < 10 ? Figures.text(state.rate, places: 1) : Figures.grouped(Int(state.rate.rounded()))
            parts.append(rate + " " + state.unit + "/s")
        }
        if let remaining = state.remaining { parts.append(TimeSpan.describe(seconds: remaining) + " left") }
        for note in state.notes { parts.append(note.name + " " + Figures.text(note.value, places: note.places)) }
        let waits = state.stalls.filter { $0.seconds >= 1 }.map {
            "\($0.name) \(TimeSpan.describe(seconds: $0.seconds))"
        }
        if !waits.isEmpty { parts.append("waited: " + waits.joined(separator: ", ")) }
        parts.append("memory " + ByteSize.describe(state.resident))
        return parts.joined(separator: "  ")
    }

    /// The same, cut to a terminal's width, as it overwrites the line before it.
    static func live(_ state: ProgressState, columns: Int) -> String {
        let text = plain(state)
        let width = max(20, columns - 1)
        return "\r\u{1B}[K" + (text.count > width ? text.prefix(width - 1) + "…" : text[...])
    }

    /// One JSON object for machines.
    static func json(_ state: ProgressState) -> String {
        var members = [
            ("event", JSONText.string("progress")), ("stage", JSONText.string(state.stage)),
            ("unit", JSONText.string(state.unit)), ("done", String(state.done)),
        ]
        if let total = state.total { members.append(("total", String(total))) }
        if state.bytes > 0 { members.append(("bytes", String(state.bytes))) }
        members.append(("seconds", Figures.text(state.seconds, places: 1)))
        if let remaining = state.remaining {
            members.append(("remainingSeconds", Figures.text(remaining, places: 1)))
        }
        for note in state.notes { members.append((note.name, Figures.text(note.value, places: note.places))) }
        let waits = state.stalls.map { ($0.stall.rawValue, Figures.text($0.seconds, places: 1)) }
        members.append(("stalls", JSONText.object(waits)))
        members.append(("residentBytes", String(state.resident)))
        return JSONText.object(members)
    }

    private static func count(_ state: ProgressState) -> String {
        let of = state.total.map { " of " + Figures.grouped($0) } ?? ""
        return Figures.grouped(state.done) + of + " " + state.unit
    }
}
