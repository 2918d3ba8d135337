import Foundation
import Testing

extension OneAtATime {
    /// One definition of every wait: the scripts through Swift give the events that they give in Rust.
    @Suite struct ScriptTests {
        static let folder = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().appendingPathComponent("../../../core/testdata").standardized

        static let scripts =
            (try? FileManager.default.contentsOfDirectory(atPath: folder.path))?
            .filter { $0.hasSuffix(".script") }.sorted() ?? []

        @Test func scriptsAreThere() { #expect(Self.scripts.count >= 120) }

        @Test(arguments: scripts) func givesTheEventsOfRust(script: String) throws {
            let text = try String(contentsOf: Self.folder.appendingPathComponent(script), encoding: .utf8)
            let played = try ScriptPlayer().play(text)
            #expect(played.real == played.written)
        }
    }
}
