// One start in a process of its own, since a process starts NoWait once. StartTests run it; no product ships it.
//
// Owns: the worlds by their names. Refuses: judging; it prints what the engine said.

import Foundation
import NoWait

struct Locked: Error {}

/// Starts in `folder`, and ends with what the engine says of the session.
func session(_ folder: URL, _ files: FileGuard?, _ live: () -> Void = {}) async -> NoWait.SelfReport? {
    NoWait.start(endpoint: "http://127.0.0.1:1", appKey: "bank") {
        $0.consent = .granted
        $0.appVersion = "1"
        $0.folder = folder
        if let files { $0.files = files }
    }
    live()
    // The engine's first turn says where its recorder is.
    _ = await NoWait.flush(timeout: .milliseconds(200))
    return await NoWait.selfReport()
}

let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
defer { try? FileManager.default.removeItem(at: folder) }
let files = { ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).count }

switch CommandLine.arguments.last {
case "guarded":
    let report = await session(folder, nil)
    print("memory \(report?.isInMemory ?? false) files \(files() > 0)")
case "unguarded":
    let report = await session(folder, FileGuard { _ in throw Locked() }) { NoWait.action("Pay").measure {} }
    print("memory \(report?.isInMemory ?? false) files \(files() > 0) produced \(report?.produced ?? 0)")
case "guarded-late":
    // A file of an older version, which its own class keeps.
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Data([1]).write(to: folder.appendingPathComponent("old"))
    let report = await session(folder, FileGuard { if $0.lastPathComponent == "old" { throw Locked() } })
    print("memory \(report?.isInMemory ?? false) files \(files())")
case "names":
    let report = await session(folder, nil) {
        let ids = (0..<2_100).map { nameID("Screen.\(String(UnicodeScalar(UInt8(97 + $0 % 26)))).n\($0)x") }
        print("distinct \(Set(ids).count)")
    }
    print("lost \(report == nil)")
default: print("no such world")
}
