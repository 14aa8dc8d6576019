import LogDataset
import OpenSearchScrollTesting
import OpniLogTraining

/// How progress is shown on standard error.
enum ProgressStyle: String, CaseIterable, Sendable { case auto, plain, json, none }

extension ValueKind where Value == ComputeDevice {
    static var device: Self {
        Self(placeholder: "auto|cpu|cuda[:N]") { text throws(ValueFault) in
            guard let device = ComputeDevice(text) else { throw ValueFault("one of auto, cpu, cuda, cuda:N") }
            return device
        }
    }
}

/// Documents asked for in one answer; what `auto` means is the reading room's to say.
enum PageSize: Sendable, Equatable {
    case auto
    case documents(Int)
}

extension ValueKind where Value == PageSize {
    static var pageSize: Self {
        Self(placeholder: "auto|N") { text throws(ValueFault) in
            if text == "auto" { return .auto }
            guard let number = Int(text), (1...10_000).contains(number) else {
                throw ValueFault("auto or a whole number from 1 to 10000 (the server's limit)")
            }
            return .documents(number)
        }
    }
}

/// How `--draw` makes a subset: by a law of the dataset, or as the original did, which only `sample` shows.
enum DrawKind: Sendable, Equatable {
    case law(DrawLaw)
    case page
}

extension ValueKind where Value == DrawKind {
    static var drawKind: Self {
        let laws = ValueKind<DrawLaw>.choice(DrawLaw.self)
        return Self(placeholder: laws.placeholder) { text throws(ValueFault) in
            text == "page" ? .page : .law(try laws.parse(text))
        }
    }
}

extension ValueKind where Value == FaultSchedule {
    static var faults: Self {
        Self(placeholder: "rate=SHARE,seed=N,kinds=A+B") { text throws(ValueFault) in
            do throws(OpenSearchServerError) {
                return try FaultSchedule(text)
            } catch {
                throw ValueFault("a schedule such as rate=0.01,seed=7,kinds=cut-body+lost-context: \(error.message)")
            }
        }
    }
}
