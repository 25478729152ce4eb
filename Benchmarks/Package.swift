// swift-tools-version:6.3

import PackageDescription

// A package of its own that needs nothing of the server's: it drives the release binary from outside.
let package = Package(
    name: "letta-swift-benchmarks",
    platforms: [.macOS(.v15)],
    targets: [
        .executableTarget(
            name: "LettaBench",
            swiftSettings: [
                .swiftLanguageMode(.v6),
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("MemberImportVisibility"),
                .enableUpcomingFeature("InternalImportsByDefault"),
                .treatAllWarnings(as: .error),
            ])
    ]
)
