// swift-tools-version: 6.2

import PackageDescription

/// Warnings are errors where a change is checked (.ci/run), and nowhere else: a newer toolchain's first new warning
/// must not keep people from building.
let warnings: [SwiftSetting] = Context.environment["OPNILOG_REQUIRE_ALL"] == "1" ? [.treatAllWarnings(as: .error)] : []

/// Every Swift target is held to the same settings.
let strict: [SwiftSetting] =
    [
        .swiftLanguageMode(.v6),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
    ] + warnings

/// A Swift target (a "room" of docs/architecture.md) under `Sources`.
func room(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// A C or C++ target under `Shims` over one system library, which must be installed (`make setup`).
func shim(_ name: String, links libraries: [String] = [], exclude: [String] = []) -> Target {
    .target(
        name: name,
        path: "Shims/\(name)",
        exclude: exclude,
        linkerSettings: libraries.map { .linkedLibrary($0) }
    )
}

/// The tests of a room. They read what is in `exclude` from the checkout.
func tests(of name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = []) -> Target {
    .testTarget(
        name: "\(name)Tests",
        dependencies: [.target(name: name)] + dependencies,
        exclude: exclude,
        swiftSettings: strict
    )
}

let package = Package(
    name: "opnilog",
    products: [
        .library(name: "OpenSearchScroll", targets: ["OpenSearchScroll"]),
        .library(name: "LogMasking", targets: ["LogMasking"]),
        .library(name: "LogDataset", targets: ["LogDataset"]),
        .library(name: "OpniLogTraining", targets: ["OpniLogTraining"]),
        .library(name: "OpenSearchScrollTesting", targets: ["OpenSearchScrollTesting"]),
        .library(name: "LogGenerator", targets: ["LogGenerator"]),
        .executable(name: "opnilog-train", targets: ["opnilog-train"]),
    ],
    targets: [
        shim("CBytes"),
        shim("CPCRE2", links: ["pcre2-8"]),
        shim("CLibcurl", links: ["curl"]),
        shim("CSimdjson", links: ["simdjson"]),
        shim("CTorch", links: ["dl"], exclude: ["bridge"]),
        shim("CXXHash", links: ["xxhash"]),
        shim("CCompression", links: ["z", "zstd"]),
        shim("CCrypto", links: ["crypto"]),
        shim("CYAML", links: ["yaml"]),
        shim("CMicrohttpd", links: ["microhttpd"]),

        room("ProcessLimits"),
        room("OpenSearchScroll", ["ProcessLimits", "CLibcurl", "CSimdjson", "CXXHash", "CCrypto"]),
        room("LogMasking", ["CBytes", "CPCRE2"]),
        room(
            "LogDataset", ["OpenSearchScroll", "LogMasking", "ProcessLimits", "CXXHash", "CCompression", "CCrypto"]),
        room("OpniLogTraining", ["LogDataset", "LogMasking", "ProcessLimits", "CTorch"]),
        room("LogGenerator"),
        room("OpenSearchScrollTesting", ["LogGenerator", "CMicrohttpd", "CCompression"]),
        .executableTarget(
            name: "opnilog-train",
            dependencies: [
                "OpenSearchScroll", "LogMasking", "LogDataset", "OpniLogTraining", "LogGenerator",
                "OpenSearchScrollTesting", "ProcessLimits", "CYAML",
            ],
            swiftSettings: strict
        ),

        tests(of: "ProcessLimits"),
        tests(of: "LogMasking", ["CBytes"], exclude: ["Resources"]),
        tests(of: "LogGenerator", ["LogMasking"]),
        tests(of: "OpenSearchScroll", ["OpenSearchScrollTesting", "CSimdjson"]),
        tests(of: "OpenSearchScrollTesting", ["LogGenerator", "CLibcurl", "CCompression"], exclude: ["Transcripts"]),
        tests(of: "LogDataset", ["OpenSearchScroll", "OpenSearchScrollTesting", "LogGenerator", "LogMasking"]),
        tests(
            of: "OpniLogTraining", ["LogDataset", "LogMasking", "CTorch"],
            exclude: [
                "Trainer/judge.py", "Trainer/judge_dropout.py", "Archive/check_model.py",
                "Torch/gpu_kernels_on_cpu.cpp",
            ]),
        .testTarget(
            name: "CommandLineTests",
            dependencies: [
                "opnilog-train", "OpenSearchScroll", "OpenSearchScrollTesting", "LogMasking", "LogDataset",
                "OpniLogTraining",
            ],
            exclude: ["Snapshots"],
            swiftSettings: strict
        ),
    ],
    cLanguageStandard: .c17,
    cxxLanguageStandard: .cxx20
)
