// swift-tools-version: 6.0
// NoWait for iOS: the face, the fake for apps' tests, and what tests, measures and tries them on Linux.

import PackageDescription

// The engine. On Linux a library that `scripts/swift-run` puts on the linker's path; elsewhere the XCFramework of a
// release, beside this file.
#if os(Linux)
let engine: Target = .systemLibrary(name: "CNoWaitFFI")
#else
let engine: Target = .binaryTarget(name: "CNoWaitFFI", path: "CNoWaitFFI.xcframework")
#endif

let swift6: [SwiftSetting] = [.swiftLanguageMode(.v6)]
/// Not for generated code, which spells no `any`.
let strict: [SwiftSetting] = swift6 + [.enableUpcomingFeature("ExistentialAny")]

/// `NOWAIT_STAND_IN` puts stand-ins for Apple's modules in their place, so that what needs them compiles and is tested on
/// Linux.
let standIn = Context.environment["NOWAIT_STAND_IN"] != nil
let standIns: [Target] =
    standIn
    ? [
        .target(name: "SwiftUI", path: "Tests/SwiftUIStandIn", swiftSettings: swift6),
        .executableTarget(name: "NoWaitAPI", path: "Tests/API", swiftSettings: strict),
        .executableTarget(
            name: "NoWaitStart", dependencies: ["NoWait"], path: "Tests/Start", swiftSettings: strict),
        .target(name: "Network", path: "Tests/NetworkStandIn", swiftSettings: swift6),
        .target(name: "UIKit", path: "Tests/UIKitStandIn", swiftSettings: swift6),
        .executableTarget(
            name: "BankApp", dependencies: ["NoWait", "SwiftUI"], path: "Sample/BankApp", swiftSettings: strict),
    ] : []
let apple: [Target.Dependency] = standIn ? ["Network", "SwiftUI", "UIKit"] : []

let package = Package(
    name: "NoWait",
    platforms: [.iOS(.v16), .macOS(.v13)],
    products: [
        .library(name: "NoWait", targets: ["NoWait"]),
        .library(name: "NoWaitTesting", targets: ["NoWaitTesting"]),
    ],
    targets: [
        engine,
        .target(name: "CNoWaitAtomic"),
        .target(name: "CNoWaitPlatform"),
        .target(
            name: "NoWaitFFI", dependencies: ["CNoWaitFFI"], swiftSettings: swift6,
            linkerSettings: [.linkedLibrary("nowait_ffi", .when(platforms: [.linux]))]),
        .target(
            name: "NoWait", dependencies: ["CNoWaitAtomic", "CNoWaitPlatform", "NoWaitFFI"] + apple,
            resources: [.copy("PrivacyInfo.xcprivacy")], swiftSettings: strict),
        .target(name: "NoWaitTesting", dependencies: ["NoWait"], swiftSettings: strict),
        .executableTarget(
            name: "NoWaitJourney", dependencies: ["NoWait"], path: "Sample/Journey", swiftSettings: strict),
        .target(name: "CAllocations", path: "Benchmarks/CAllocations"),
        .executableTarget(
            name: "NoWaitCost", dependencies: ["CAllocations", "NoWait", "NoWaitFFI"], path: "Benchmarks/Cost",
            swiftSettings: strict),
        // Needs a library built with the feature `testing`, as `make test-ios` builds it.
        .target(name: "CEngineTesting", path: "Tests/CEngineTesting"),
        .testTarget(
            name: "NoWaitTests",
            dependencies: ["CEngineTesting", "CNoWaitPlatform", "NoWait", "NoWaitTesting"] + apple,
            swiftSettings: strict),
    ] + standIns
)
