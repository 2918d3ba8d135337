// The scripts of core/testdata (format: its README.md), spoken through Swift.
//
// Owns: reading them, telling their facts, comparing. Refuses: tolerance.
// Invariant: facts that the face has go through the face's own `Fact`.

import CEngineTesting
import Foundation
import NoWaitFFI

@testable import NoWait

/// Why a script cannot be read.
struct ScriptError: Error, CustomStringConvertible {
    let description: String
}

/// The script as it is written, and as it really went, both in normal form.
struct Played {
    var written: [String] = []
    var real: [String] = []
}

struct ScriptPlayer {
    private static let kinds = [
        "", "launch", "screen", "tap", "settled", "frames", "frame_times", "hang", "request", "action", "journey",
        "step", "rage_tap", "breadcrumb", "exit", "lifecycle", "rating", "hand_over",
    ]
    private static let outcomes = [
        "done", "failed", "no_response", "timed_out", "interrupted", "already_animating", "abandoned", "died",
    ]
    private static let presences = ["starting", "in_front", "background"]
    /// `Flags::IN_JOURNEY`.
    private static let inJourney: UInt64 = 2

    private let ids = ScriptIDs()

    func play(_ script: String) throws -> Played {
        var played = Played()
        var seen: UInt64 = 0
        nowait_testing_replay_begin()
        defer { _ = nowait_testing_replay_end() }
        for line in script.split(separator: "\n").map({ $0.trimmingCharacters(in: .whitespaces) }) {
            switch line.first {
            case nil, "#": continue
            case ">": played.written.append(event(try fields(of: Array(words(line).dropFirst()))))
            default:
                played.written.append(line)
                played.real.append(try real(line))
                while nowait_testing_replay_event(seen, 0) != 0 {
                    let index = seen
                    played.real.append(event((0..<10).map { nowait_testing_replay_event(index, $0) }))
                    seen += 1
                }
            }
        }
        return played
    }

    private func words(_ line: String) -> [String] { line.split(separator: " ").map(String.init) }

    /// Plays a line that is no event, and returns it as it really went.
    private func real(_ line: String) throws -> String {
        let words = words(line)
        switch (words[0], words.count > 1 ? words[1] : "") {
        case ("=", "lost"): return "= lost \(nowait_testing_replay_lost())"
        case ("!", "presence"): return "! presence \(Self.presences[Int(nowait_testing_replay_presence())])"
        case ("!", "refused"): nowait_testing_replay_refused()
        case ("!", "died"): nowait_testing_replay_died(try Fields.ns(words[2]))
        case ("!", _), ("=", _): throw ScriptError(description: "no such line: \(line)")
        default: try tell(words)
        }
        return line
    }

    /// An event as a line, from its fields by number (see bindings/src/testing.rs).
    private func event(_ fields: [UInt64]) -> String {
        let keys = ["kind", "outcome", "flags", "name", "screen", "started", "duration", "journey", "a", "b"]
        return "> " + zip(keys, fields).map { "\($0)=\($1)" }.joined(separator: " ")
    }

    /// The fields of an event of these words: its kind, and `key=value`.
    private func fields(of words: [String]) throws -> [UInt64] {
        let fields = try Fields(words.dropFirst())
        let number = { (key: String) in try fields.has(key) ? fields.number(key) : 0 }
        let name = { (key: String) in try fields.has(key) ? UInt64(ids.id(fields.text(key))) : 0 }
        let journey = try number("journey")
        return [
            try index(of: words[0], in: Self.kinds), try outcome(fields), journey == 0 ? 0 : Self.inJourney,
            try name("name"), try name("screen"), try fields.time("start"), try fields.time("duration"), journey,
            try number("a"), try number("b"),
        ]
    }

    private func index(of word: String, in list: [String]) throws -> UInt64 {
        guard let index = list.firstIndex(of: word) else { throw ScriptError(description: "unknown word \(word)") }
        return UInt64(index)
    }

    private func outcome(_ fields: Fields) throws -> UInt64 {
        try index(of: fields.has("outcome") ? fields.text("outcome") : "done", in: Self.outcomes)
    }

    private func tell(_ words: [String]) throws {
        let atNs = try Fields.ns(words[0])
        if words[1] == "measured" { return measured(try fields(of: Array(words.dropFirst(2)))) }
        let fields = try Fields(words.dropFirst(2))
        if let fact = try fact(words[1], fields) { return fact.tellEngine(atNs: atNs) }
        switch words[1] {
        case "main_idle": mainIdle(atNs: atNs)
        case "navigation": navigation(atNs: atNs)
        case "tick":
            // Without a time of the boot clock, the device slept no more.
            let bootNs = try fields.has("boot") ? fields.time("boot") : .max
            nowait_testing_replay_tick(atNs, bootNs, try fields.has("wall") ? fields.number("wall") : 0)
        default: throw ScriptError(description: "no such fact: \(words[1])")
        }
    }

    private func measured(_ event: [UInt64]) {
        let numbers = event[..<5].map { UInt32($0) }
        nowait_testing_replay_measured(
            numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], event[5], event[6], event[7], event[8],
            event[9])
    }

    /// What the face can tell.
    private func fact(_ verb: String, _ fields: Fields) throws -> Fact? {
        let name = { (key: String) in ids.id(try fields.text(key)) }
        let id = { try fields.number("id") }
        let outcome = { UInt8(try self.outcome(fields)) }
        switch verb {
        case "process_started": return .processStarted(visible: try fields.text("visible") == "true")
        case "main_ping": return .mainPing
        case "main_pong": return .mainPong
        case "foreground": return .foreground(restored: try fields.text("restored") == "true")
        case "background": return .background
        case "touch_up": return .touchUp(target: try name("target"))
        case "touch_handled": return .touchHandled
        case "frame": return .frame(startedNs: try fields.time("started"), deadlineNs: try fields.time("deadline"))
        case "screen_created": return .screenCreated(id: try id(), name: try name("screen"))
        case "screen_shown": return .screenShown(id: try id(), name: try name("screen"))
        case "screen_ready": return .screenReady(id: try id(), name: try name("screen"))
        case "screen_left": return .screenLeft(id: try id(), name: 0)
        case "request_started": return .requestStarted(id: try id(), name: try name("route"))
        case "request_ended":
            return .requestEnded(id: try id(), status: UInt16(try fields.number("status")), outcome: try outcome())
        case "action_started": return .actionBegun(id: try id(), name: try name("action"))
        case "action_ended": return .actionEnded(id: try id(), name: 0, outcome: try outcome())
        case "journey_started": return .journeyStarted(id: try id(), name: try name("journey"))
        case "step_started": return .stepStarted(id: try id(), name: try name("step"))
        case "journey_ended": return .journeyEnded(id: try id(), outcome: try outcome())
        case "rated":
            let id = try fields.has("id") ? fields.number("id") : 0
            return .rated(id: id, name: try name("name"), rating: UInt8(try fields.number("rating")))
        case "handed_over": return .handedOver(id: try id(), continuation: try fields.number("continuation"))
        case "breadcrumb":
            return .breadcrumb(name: try name("name"), number: try fields.has("number") ? fields.number("number") : 0)
        default: return nil
        }
    }
}

/// Names in order of appearance, after the reserved ones; asked from one test at a time.
private final class ScriptIDs: @unchecked Sendable {
    private var texts = ["", "other", "redacted", "cold", "warm", "hot"]

    func id(_ text: String) -> UInt32 {
        if let index = texts.firstIndex(of: text) { return UInt32(index) }
        texts.append(text)
        return UInt32(texts.count - 1)
    }
}

/// The `key=value` words of a line.
private struct Fields {
    private var values: [String: String] = [:]

    init(_ words: some Sequence<String>) throws {
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2 else { throw ScriptError(description: "not key=value: \(word)") }
            values[parts[0]] = parts[1]
        }
    }

    func has(_ key: String) -> Bool { values[key] != nil }

    func text(_ key: String) throws -> String {
        guard let text = values[key] else { throw ScriptError(description: "\(key)= is missing") }
        return text
    }

    func time(_ key: String) throws -> UInt64 { try Self.ns(text(key)) }

    /// `12`, `0x1f`, or `low|high` for two 32-bit halves.
    func number(_ key: String) throws -> UInt64 {
        let halves = try text(key).split(separator: "|").map { try Self.number(String($0)) }
        return halves.count == 2 ? halves[0] | halves[1] << 32 : halves[0]
    }

    private static func number(_ text: String) throws -> UInt64 {
        let number = text.hasPrefix("0x") ? UInt64(text.dropFirst(2), radix: 16) : UInt64(text)
        guard let number else { throw ScriptError(description: "no number: \(text)") }
        return number
    }

    /// Milliseconds with up to six decimals, as nanoseconds.
    static func ns(_ text: String) throws -> UInt64 {
        let parts = text.split(separator: ".", maxSplits: 1).map(String.init)
        let decimals = parts.count == 2 ? parts[1] : ""
        guard decimals.count <= 6 else { throw ScriptError(description: "more than six decimals: \(text)") }
        let padded = decimals + String(repeating: "0", count: 6 - decimals.count)
        return try number(parts[0]) * 1_000_000 + number(padded)
    }
}
