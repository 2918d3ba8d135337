import Foundation
import Testing

/// What the documents show compiles: every Swift block of theirs is in a file that the build compiles.
@Suite struct SnippetTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../..").standardized

    /// Files that the build compiles and documents may quote.
    private static let compiled = [
        "ios/Sample/BankApp/BankApp.swift", "ios/Tests/NoWaitTests/PaymentTests.swift",
        "ios/Tests/NoWaitTests/ScreenControllerTests.swift",
    ]

    private static func lines(_ path: String) throws -> [String] {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
            .components(separatedBy: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }

    /// The lines of each block between a fence that says swift and the next fence.
    private static func blocks(_ path: String) throws -> [[String]] {
        var blocks: [[String]] = []
        var isInside = false
        for line in try lines(path) {
            if line.hasPrefix("```") {
                isInside = line == "```swift"
                if isInside { blocks.append([]) }
            } else if isInside {
                blocks[blocks.count - 1].append(line)
            }
        }
        return blocks
    }

    /// The README once it has a Swift block; the guide always.
    @Test(arguments: ["docs/integrate-ios.md", "README.md"])
    func everyBlockIsCompiled(document: String) throws {
        let isThere = FileManager.default.fileExists(atPath: Self.root.appendingPathComponent(document).path)
        let blocks = isThere ? try Self.blocks(document) : []
        if document.hasPrefix("docs/") { try #require(blocks.count >= 5) }
        let compiled = try Self.compiled.map(Self.lines)
        for block in blocks {
            #expect(
                compiled.contains { Self.holds($0, block) }, "in no compiled file:\n\(block.joined(separator: "\n"))")
        }
    }

    /// Whether the lines of `block` stand together in `file`.
    private static func holds(_ file: [String], _ block: [String]) -> Bool {
        guard !block.isEmpty, file.count >= block.count else { return false }
        return (0...file.count - block.count).contains { Array(file[$0..<$0 + block.count]) == block }
    }
}
