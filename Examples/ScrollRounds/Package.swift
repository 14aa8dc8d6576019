// swift-tools-version: 6.2

import PackageDescription

let package = Package(
    name: "ScrollRounds",
    dependencies: [.package(name: "opnilog", path: "../..")],
    targets: [
        .executableTarget(
            name: "ScrollRounds", dependencies: [.product(name: "OpenSearchScroll", package: "opnilog")])
    ]
)
