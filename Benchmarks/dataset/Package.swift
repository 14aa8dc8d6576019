// swift-tools-version: 6.2

import PackageDescription

let package = Package(
    name: "dataset-bench",
    dependencies: [.package(name: "opnilog", path: "../..")],
    targets: [
        .executableTarget(
            name: "DatasetBench",
            dependencies: [
                .product(name: "LogDataset", package: "opnilog"),
                .product(name: "LogMasking", package: "opnilog"),
                .product(name: "LogGenerator", package: "opnilog"),
            ],
            swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)])
    ]
)
