#if canImport(UIKit)
import Foundation
import Testing

/// What a start does in a process of its own; see Tests/Start.
@Suite struct StartTests {
    /// What the process prints that is in this world, a line each.
    private static func lines(_ world: String) throws -> [String] {
        let process = Process()
        let products = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        process.executableURL = products.appendingPathComponent("NoWaitStart")
        process.arguments = [world]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let printed = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0 && process.terminationReason == .exit)
        return String(decoding: printed, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    @Test func theRecorderIsAFileWhereFilesStayReadable() throws {
        #expect(try Self.lines("guarded") == ["memory false files true"])
    }

    /// A mapped file of the class `complete` ends the process (SIGBUS) once the device is locked.
    @Test func theRecorderIsInMemoryWhereTheyDoNotAndNoFileIsMade() throws {
        #expect(try Self.lines("unguarded") == ["memory true files false produced 1"])
    }

    @Test func aFileOfAnOlderVersionKeepsItsClassOrNothingIsMapped() throws {
        #expect(try Self.lines("guarded-late") == ["memory true files 1"])
    }

    /// Swift kept 2,047 of its own.
    @Test func namesAreLimitedByTheEngineAlone() throws {
        // 1,024 and the one that stands for all others.
        #expect(try Self.lines("names").first == "distinct 1024")
    }
}
#endif
