// swift-tools-version: 6.2

import PackageDescription

let package = Package(
    name: "MaskBench",
    dependencies: [.package(name: "opnilog", path: "../..")],
    targets: [
        .target(name: "CAllocationCount"),
        .executableTarget(
            name: "MaskBench",
            dependencies: [
                "CAllocationCount",
                .product(name: "LogMasking", package: "opnilog"),
                .product(name: "LogDataset", package: "opnilog"),
            ],
            swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]),
    ],
    cLanguageStandard: .c17
)
