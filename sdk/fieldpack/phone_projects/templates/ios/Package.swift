// swift-tools-version:5.9
import PackageDescription

let package = Package(
    name: "FieldpackBench",
    platforms: [.iOS("@IOS@"), .macOS("@MACOS@")],
    targets: [
        .testTarget(
            name: "FieldpackBenchTests",
            path: "Tests/FieldpackBenchTests",
            resources: [.copy("Resources")]
        )
    ]
)
