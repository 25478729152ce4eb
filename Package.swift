// swift-tools-version:6.3

import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

// Versions are exact because Package.resolved is not kept; see docs/decisions.
let package = Package(
    name: "letta-swift",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "letta-server", targets: ["letta-server"]),
        .library(name: "LettaClient", targets: ["LettaClient", "LettaAPI"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections.git", exact: "1.6.0"),
        .package(
            url: "https://github.com/apple/swift-configuration.git", exact: "1.4.0", traits: []),
        .package(url: "https://github.com/apple/swift-crypto.git", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types.git", exact: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log.git", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics.git", exact: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio.git", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", exact: "2.37.6"),
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", exact: "2.28.1"),
        .package(url: "https://github.com/swift-server/async-http-client.git", exact: "1.37.0"),
        .package(
            url: "https://github.com/swift-server/swift-service-lifecycle.git", exact: "2.13.0"),
        .package(
            url: "https://github.com/swiftlang/swift-subprocess.git", exact: "1.0.2", traits: []),
        .package(url: "https://github.com/apple/swift-system.git", exact: "1.8.1"),
    ],
    targets: [
        .target(name: "JSON", swiftSettings: strict),
        .target(name: "LettaAPI", dependencies: ["JSON"], swiftSettings: strict),
        .target(name: "EventStreams", swiftSettings: strict),
        .target(
            name: "LettaClient",
            dependencies: [
                "EventStreams", "JSON", "LettaAPI",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .target(
            name: "Storage",
            dependencies: [.product(name: "Logging", package: "swift-log")],
            swiftSettings: strict),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .target(
            name: "StorageSQLite",
            dependencies: [
                "CSQLite", "Storage",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .target(
            name: "StoragePostgres",
            dependencies: [
                "CLibPQ", "Storage",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .target(name: "CVectors"),
        .target(
            name: "HTTPKit",
            dependencies: [
                "EventStreams", "JSON", "LettaAPI",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),
        .target(
            name: "ModelProviders",
            dependencies: [
                "EventStreams", "JSON",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .target(
            name: "LocalModels",
            dependencies: [
                "EventStreams", "JSON", "ModelProviders",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: strict),
        .target(
            name: "AgentEngine",
            dependencies: ["JSON", "ModelProviders"],
            resources: [.embedInCode("Prompts")],
            swiftSettings: strict),
        .target(
            name: "ToolRuntime",
            dependencies: [
                "EventStreams", "JSON",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            resources: [.embedInCode("Programs")],
            swiftSettings: strict),
        .target(
            name: "MCPClient",
            dependencies: [
                "EventStreams", "JSON", "ModelProviders",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: strict),
        .target(
            name: "Dashboard", exclude: ["VENDOR.tsv", "Web"], linkerSettings: [.linkedLibrary("z")]),
        .target(
            name: "LettaServer",
            dependencies: [
                "AgentEngine", "CVectors", "Dashboard", "EventStreams", "HTTPKit", "JSON", "LettaAPI", "LocalModels",
                "MCPClient",
                "ModelProviders",
                "Storage",
                "StoragePostgres", "StorageSQLite", "ToolRuntime",
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            resources: [.embedInCode("App/Docs"), .embedInCode("App/Routes")],
            swiftSettings: strict),
        .executableTarget(
            name: "letta-server",
            dependencies: [
                "JSON", "LettaAPI", "LettaClient", "LettaServer", "LocalModels",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .target(
            name: "TestSupport",
            dependencies: [
                "CLibPQ", "CSQLite", "JSON", "LettaAPI", "LettaServer", "ModelProviders", "Storage", "StoragePostgres",
                "StorageSQLite", "ToolRuntime",
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdTesting", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .testTarget(name: "JSONTests", dependencies: ["JSON"], swiftSettings: strict),
        .testTarget(
            name: "StorageTests",
            dependencies: ["Storage", "StoragePostgres", "StorageSQLite", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "HTTPKitTests",
            dependencies: [
                "HTTPKit", "JSON", "LettaAPI",
                .product(name: "HummingbirdTesting", package: "hummingbird"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "ModelProvidersTests",
            dependencies: [
                "EventStreams", "JSON", "ModelProviders", "TestSupport",
                .product(name: "Hummingbird", package: "hummingbird"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "LocalModelsTests",
            dependencies: [
                "JSON", "LocalModels", "ModelProviders", "TestSupport",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "AgentEngineTests", dependencies: ["AgentEngine", "JSON", "ModelProviders"], swiftSettings: strict),
        .testTarget(name: "ToolRuntimeTests", dependencies: ["JSON", "ToolRuntime"], swiftSettings: strict),
        .testTarget(
            name: "MCPClientTests",
            dependencies: ["EventStreams", "JSON", "MCPClient", "ModelProviders", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "LettaClientTests",
            dependencies: [
                "JSON", "LettaAPI", "LettaClient", "TestSupport",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "LettaServerTests",
            dependencies: [
                "EventStreams", "JSON", "LettaAPI", "LettaClient", "LettaServer", "LocalModels", "MCPClient",
                "ModelProviders",
                "Storage",
                "TestSupport", "ToolRuntime",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: strict),
    ]
)
