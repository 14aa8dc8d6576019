import Glibc

@testable import OpniLogTraining

/// What most tests of this room need from outside the package. `OPNILOG_REQUIRE_ALL=1` turns their absence into a
/// failure, because the tests then run and find nothing.
enum Prerequisites {
    private static let requireAll = value("OPNILOG_REQUIRE_ALL") == "1"

    /// The root of the package; on a machine that it was not built on, `OPNILOG_PACKAGE` says where it is.
    static let package =
        value("OPNILOG_PACKAGE") ?? String(#filePath.prefix(upTo: #filePath.range(of: "/Tests/OpniLogTrainingTests")))

    /// Where models are computed: the CPU, or what `OPNILOG_TEST_DEVICE` says (the GPU lane: cuda).
    static let device = ComputeDevice(value("OPNILOG_TEST_DEVICE") ?? "cpu") ?? .cpu

    /// The bridge that `make libtorch` built, or another.
    static let bridge = value("OPNILOG_TORCH") ?? "\(package)/.build/bridge/libopnilog_torch.so"
    static let hasBridge = requireAll || access(bridge, R_OK) == 0
    static let bridgeReason = "needs the bridge to libtorch: run `make libtorch`, or set OPNILOG_TORCH"

    /// A model of the original with its scores.
    static let reference = (value("OPNILOG_SHARED") ?? "\(package)/../shared") + "/vectors/model-hdfs-zookeeper"
    static let hasReference = hasBridge && (requireAll || access("\(reference)/scores.ndjson", R_OK) == 0)
    static let referenceReason = "needs the bridge to libtorch, and ../shared or OPNILOG_SHARED"

    /// A Python that has torch, to judge by.
    static let python = value("OPNILOG_PYTHON") ?? "\(package)/.build/python/bin/python"
    static let hasPython = hasBridge && (requireAll || access(python, X_OK) == 0)
    static let pythonReason = "needs the bridge to libtorch, and a Python with torch in OPNILOG_PYTHON"

    private static func value(_ name: String) -> String? {
        guard let value = getenv(name), value.pointee != 0 else { return nil }
        return String(cString: value)
    }
}

extension String {
    /// Where `other` first begins.
    fileprivate func range(of other: String) -> String.Index {
        indices.first { self[$0...].hasPrefix(other) } ?? endIndex
    }
}
