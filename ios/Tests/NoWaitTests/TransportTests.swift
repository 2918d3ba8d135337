import Foundation
import NoWaitFFI
import Testing

@testable import NoWait

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// The default transport against a real server.
@Suite struct TransportTests {
    private static func send(
        _ reply: @escaping @Sendable (String) -> LoopbackServer.Reply, within timeout: Duration = .seconds(5)
    ) throws -> (answer: NoWait.Answer?, asked: [String]) {
        let server = try LoopbackServer(reply)
        defer { server.stop() }
        let url = try #require(URL(string: "http://127.0.0.1:\(server.port)/v1/batches"))
        let parcel = NoWait.Parcel(
            url: url, headers: ["authorization": "Bearer bank"], body: Data("batch".utf8), timeout: timeout)
        return (try NoWait.URLSessionTransport().send(parcel), server.asked)
    }

    @Test func anAnswerComesBackWhateverItsStatus() throws {
        for status in [200, 401, 503] {
            let (answer, asked) = try Self.send { _ in
                LoopbackServer.answer(status, "receipt", headers: "Retry-After: 7\r\n")
            }
            #expect(answer?.status == status && answer?.body == Data("receipt".utf8) && answer?.retryAfter == "7")
            let head = try #require(asked.first).lowercased()
            #expect(head.hasPrefix("post /v1/batches ") && head.contains("authorization: bearer bank"))
            #expect(head.contains("user-agent: nowait") && !head.contains("cookie"))
        }
    }

    @Test func aRedirectIsAnAnswer() throws {
        let (answer, asked) = try Self.send { _ in LoopbackServer.answer(302, headers: "Location: /login\r\n") }
        #expect(answer?.status == 302 && asked.count == 1)
    }

    @Test func aSilentServerIsLeftWhenItsTimeIsOver() throws {
        let began = ContinuousClock.now
        let answer = try? Self.send({ _ in .silence }, within: .milliseconds(300)).answer
        #expect(answer == nil && ContinuousClock.now - began < .seconds(3))
    }

    @Test func aBodyThatIsNoReceiptIsNone() throws {
        let (answer, _) = try Self.send { _ in LoopbackServer.answer(200, String(repeating: "x", count: 40_000)) }
        #expect(answer?.status == 200 && answer?.body.isEmpty == true)
    }

    @Test func whatTheHostThrowsIsNoAnswerAndItsKindIsKept() {
        struct Broken: NoWait.Transport {
            func send(_ parcel: NoWait.Parcel) throws -> NoWait.Answer? { throw URLError(.serverCertificateUntrusted) }
        }
        struct Odd: NoWait.Transport {
            func send(_ parcel: NoWait.Parcel) -> NoWait.Answer? { NoWait.Answer(status: -1) }
        }
        let parcel = Parcel(url: "https://bank.example", headers: [:], body: Data(), timeoutMs: 10)
        let (broken, odd) = (HostTransport(Broken()), HostTransport(Odd()))
        #expect(throws: TransportError.self) { try broken.send(parcel: parcel) }
        #expect((broken.problem as? URLError)?.code == .serverCertificateUntrusted)
        #expect(throws: TransportError.self) { try odd.send(parcel: parcel) }
        #expect(odd.problem == nil)
    }
}

/// What is said where nothing arrives; the findings of a session are in SessionTests.
@Suite struct DoctorTests {
    private static func causes(
        status: UInt16?, _ problem: (any Error)? = nil, consent: Consent = .granted, exchanges: UInt32 = 1,
        isDelivered: Bool = false, isHeld: Bool = false, hasSeenScreen: Bool = true
    ) -> [NoWait.Cause] {
        let delivery = Delivery(
            consent: consent, exchanges: exchanges, status: status, isDelivered: isDelivered, isSwitchedOff: false,
            isLeftOut: false, isOff: false, isHeld: isHeld)
        let diagnosis = Doctor.diagnosis(.running, delivery: delivery, problem: problem, hasSeenScreen: hasSeenScreen)
        return diagnosis.findings.map(\.cause)
    }

    @Test func anAnswerSaysWhatIsWrong() {
        #expect(Self.causes(status: 200, isDelivered: true).isEmpty)
        #expect(Self.causes(status: 401) == [.keyRefused] && Self.causes(status: 403) == [.keyRefused])
        #expect(Self.causes(status: 200) == [.wrongAddress] && Self.causes(status: 404) == [.wrongAddress])
        #expect(Self.causes(status: 503) == [.serverTrouble] && Self.causes(status: 429) == [.serverTrouble])
        #expect(Self.causes(status: nil) == [.unreachable])
        #expect(Self.causes(status: nil, URLError(.notConnectedToInternet)) == [.unreachable])
        #expect(Self.causes(status: nil, URLError(.serverCertificateUntrusted)) == [.tls])
    }

    @Test func whatStandsInTheWayOfEveryExchangeIsAllThereIsToSay() {
        #expect(Self.causes(status: nil, exchanges: 0) == [.nothingSentYet])
        #expect(Self.causes(status: nil, consent: .pending, exchanges: 0) == [.consentPending])
        #expect(Self.causes(status: nil, consent: .refused, exchanges: 0) == [.consentRefused])
        #expect(Self.causes(status: nil, exchanges: 0, isHeld: true) == [.held])
        #expect(Self.causes(status: nil, exchanges: 0, hasSeenScreen: false) == [.noScreenSeen, .nothingSentYet])
    }

    @Test func aStartThatFailedSaysWhy() {
        let diagnosis = Doctor.diagnosis(.failed(problem: "app_key"), delivery: nil, problem: nil, hasSeenScreen: false)
        #expect(diagnosis.has(.startFailed) && diagnosis.description.hasSuffix("nothing is measured: app_key"))
    }
}
