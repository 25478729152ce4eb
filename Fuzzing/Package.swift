// swift-tools-version:6.3

import PackageDescription

// A package of its own, because libFuzzer needs flags of its own, and unsafe flags are allowed in root packages only.
let package = Package(
    name: "letta-swift-fuzzing",
    platforms: [.macOS(.v15)],
    targets: [
        // The parser's sources by a symbolic link, so that they are instrumented too.
        .target(
            name: "JSON",
            swiftSettings: [
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("MemberImportVisibility"),
                .enableUpcomingFeature("InternalImportsByDefault"),
                .unsafeFlags(["-sanitize=fuzzer", "-parse-as-library"]),
            ]),
        .executableTarget(
            name: "FuzzJSON",
            dependencies: ["JSON"],
            swiftSettings: [.unsafeFlags(["-sanitize=fuzzer", "-parse-as-library"])],
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer", "-use-ld=lld"])]),
    ]
)
