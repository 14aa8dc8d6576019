// swift-tools-version: 6.2

import PackageDescription

let package = Package(
    name: "TrainFromService",
    dependencies: [.package(name: "opnilog", path: "../..")],
    targets: [
        .executableTarget(
            name: "TrainFromService",
            dependencies: [
                .product(name: "LogDataset", package: "opnilog"),
                .product(name: "OpniLogTraining", package: "opnilog"),
                .product(name: "LogGenerator", package: "opnilog"),
            ])
    ]
)
