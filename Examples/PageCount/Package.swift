// swift-tools-version: 6.2

import PackageDescription

let package = Package(
    name: "PageCount",
    dependencies: [.package(name: "opnilog", path: "../..")],
    targets: [
        .executableTarget(
            name: "PageCount", dependencies: [.product(name: "OpenSearchScroll", package: "opnilog")])
    ]
)
