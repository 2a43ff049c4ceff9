// swift-tools-version:5.9
import PackageDescription

let package = Package(
    name: "@MODULE@",
    platforms: [.iOS("@IOS@"), .macOS("@MACOS@")],
    products: [.library(name: "@MODULE@", targets: ["@MODULE@"])],
    targets: [
        .target(name: "@MODULE@", resources: [.copy("Resources")]),
        .testTarget(
            name: "@MODULE@Tests",
            dependencies: ["@MODULE@"],
            resources: [.copy("maths"), .copy("golden")]
        )
    ]
)
