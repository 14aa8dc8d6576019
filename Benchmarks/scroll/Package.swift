// swift-tools-version: 6.2

import PackageDescription

let package = Package(
    name: "scroll-bench",
    dependencies: [.package(name: "opnilog", path: "../..")],
    targets: [
        .executableTarget(
            name: "ScrollBench", dependencies: [.product(name: "OpenSearchScroll", package: "opnilog")]),
        .executableTarget(
            name: "DecodeBench", dependencies: [.product(name: "OpenSearchScroll", package: "opnilog")]),
    ]
)
