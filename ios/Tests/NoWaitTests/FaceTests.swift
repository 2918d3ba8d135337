import Foundation
import NoWaitTesting
import Testing

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

@testable import NoWait

/// Nothing of it may be visible to the app but what the app itself threw.
private struct Refusal: Error, Equatable {
    let code: Int
}

extension OneAtATime {
    /// What each word of the face tells, heard by the published fake.
    @Suite struct FaceTests {
        @Test func actionsAreToldWithHowTheyEnded() {
            let fake = FakeNoWait()
            let pay = NoWait.action("Pay.Confirm")
            pay.begin().end()
            pay.begin().fail()
            pay.begin().abandon()
            #expect(
                fake.told == [
                    .actionBegun, .actionEnded("Pay.Confirm", .done),
                    .actionBegun, .actionEnded("Pay.Confirm", .failed),
                    .actionBegun, .actionEnded("Pay.Confirm", .abandoned),
                ])
        }

        @Test func measureReturnsWhatTheWorkReturns() {
            let fake = FakeNoWait()
            #expect(NoWait.action("Add").measure { 20 + 22 } == 42)
            #expect(fake.told == [.actionBegun, .actionEnded("Add", .done)])
        }

        @Test func measureRethrowsUntouched() {
            let fake = FakeNoWait()
            let pay = NoWait.action("Pay")
            // Typed: the compiler knows that nothing but a Refusal comes out.
            do {
                try pay.measure { () throws(Refusal) in throw Refusal(code: 7) }
            } catch {
                #expect(error == Refusal(code: 7))
            }
            #expect(throws: CancellationError.self) { try pay.measure { throw CancellationError() } }
            #expect(
                fake.told == [
                    .actionBegun, .actionEnded("Pay", .failed), .actionBegun, .actionEnded("Pay", .abandoned),
                ])
        }

        @Test @MainActor func measureStaysOnTheActorOfTheCaller() async throws {
            let fake = FakeNoWait()
            let load = NoWait.action("Load")
            var count = 0
            let text = await load.measure {
                MainActor.assertIsolated()
                await Task.yield()
                count += 1
                return "loaded"
            }
            #expect(text == "loaded" && count == 1)
            await #expect(throws: Refusal(code: 1)) {
                try await load.measure {
                    await Task.yield()
                    throw Refusal(code: 1)
                }
            }
            #expect(
                fake.told == [
                    .actionBegun, .actionEnded("Load", .done), .actionBegun, .actionEnded("Load", .failed),
                ])
        }

        @Test func screensJourneysRequestsAndCrumbsAreTold() {
            let fake = FakeNoWait()
            let home = NoWait.screen("Home")
            home.created()
            home.shown()
            home.ready()
            home.left()
            let transfer = NoWait.journey("Transfer").begin()
            transfer.step("Confirm")
            let route = NoWait.route("POST /confirm")
            route.begin().end(status: 200)
            route.begin().end(status: 503)
            route.begin().end(status: -1)
            route.begin().fail()
            route.begin().abandon()
            transfer.end()
            NoWait.journey("Transfer").begin().fail()
            NoWait.journey("Transfer").begin().abandon()
            NoWait.breadcrumb("biometric.prompt", number: 3)
            NoWait.breadcrumb(NoWait.crumb("pin.wrong"))
            let begun = FakeNoWait.Told.requestBegun("POST /confirm")
            #expect(
                fake.told == [
                    .screenCreated("Home"), .screenShown("Home"), .screenReady("Home"),
                    .screenLeft("Home"), .journeyBegun("Transfer"), .step("Confirm"), begun,
                    .requestEnded(status: 200, .done), begun, .requestEnded(status: 503, .failed), begun,
                    .requestEnded(status: 0, .done), begun, .requestEnded(status: 0, .failed), begun,
                    .requestEnded(status: 0, .abandoned), .journeyEnded(.done), .journeyBegun("Transfer"),
                    .journeyEnded(.failed), .journeyBegun("Transfer"), .journeyEnded(.abandoned),
                    .breadcrumb("biometric.prompt", number: 3), .breadcrumb("pin.wrong", number: 0),
                ])
        }

        @Test func ratingsAndHandOversAreTold() throws {
            let fake = FakeNoWait()
            let account = NoWait.journey("OpenAccount")
            let travel = account.begin()
            let codes = try [#require(travel.handOver()), #require(travel.handOver())]
            travel.end()
            account.rate(5, of: travel)
            NoWait.rate("Branch", 2)
            #expect(codes[0] != codes[1] && codes.allSatisfy { $0.count == 17 && $0.filter { $0 == "-" }.count == 2 })
            #expect(
                fake.told == [
                    .journeyBegun("OpenAccount"), .handedOver, .handedOver, .journeyEnded(.done),
                    .rated("OpenAccount", 5), .rated("Branch", 2),
                ])
        }

        /// Which numbers are a rating, the engine says, and no number becomes another one on the way there.
        @Test func theEngineTakesFiveRatings() {
            let events = Replay.events {
                for rating in [1, 2, 3, 4, 5, 0, 6, -1, 256 + 3, .max, .min] { NoWait.rate("Branch", rating) }
            }
            #expect(events.map(\.kind) == Array(repeating: .rating, count: 5) && events.map(\.a) == [1, 2, 3, 4, 5])
        }

        /// They were failures.
        @Test(arguments: [
            (URLError(.cancelled) as any Error, EngineEvent.Outcome.abandoned), (CancellationError(), .abandoned),
            (CocoaError(.userCancelled), .abandoned), (URLError(.timedOut), .timedOut),
            (URLError(.notConnectedToInternet), .failed), (Refusal(code: 1), .failed),
        ])
        func whatIsCancelledIsAbandoned(thrown: any Error, outcome: EngineEvent.Outcome) throws {
            let events = Replay.events {
                Fact.foreground(restored: false).tell()
                NoWait.route("GET /accounts").begin().fail(thrown)
                try? NoWait.action("Load").measure { throw thrown }
                NoWait.action("Scan").begin().fail(thrown)
                NoWait.journey("Transfer").begin().fail(thrown)
            }
            #expect(events.map(\.kind) == [.request, .action, .action, .journey])
            #expect(events.prefix(3).allSatisfy { $0.outcome == outcome }, "\(events)")
            #expect(events.last?.outcome == (outcome == .abandoned ? .abandoned : .failed))
        }

        @Test func aFakeHearsUntilItStops() {
            let fake = FakeNoWait()
            #expect(fake.isListening)
            #expect(!FakeNoWait().isListening, "one at a time")
            NoWait.breadcrumb("heard")
            #expect(fake.told == [.breadcrumb("heard", number: 0)])
            fake.stop()
            NoWait.breadcrumb("unheard")
            #expect(fake.told.count == 1 && !fake.isListening)
        }

        @Test func whatWasToldBeforeAFakeIsNotInIt() async {
            NoWait.breadcrumb("too early")
            let span = NoWait.action("Early").begin()
            let fake = FakeNoWait()
            span.end()
            #expect(fake.told == [.actionEnded("Early", .done)])
        }

        @Test func aFakeHearsANameAsItWouldTravel() {
            let fake = FakeNoWait()
            NoWait.breadcrumb("4111 1111 1111 1111")
            #expect(fake.told == [.breadcrumb("redacted", number: 0)])
        }
    }

    /// Which instance a word about a screen is about.
    @Suite struct VisitTests {
        @Test func twoVisitsOfOneScreenAreTwoInstances() {
            let home = NoWait.screen("Home")
            let screens = Replay.events {
                Fact.foreground(restored: false).tell()
                home.created()
                home.shown()
                // Another value of the same name says it.
                NoWait.screen("Home").ready()
                home.left()
                // Too late, which must not begin an instance that nobody leaves.
                home.shown()
                home.ready()
                home.created()
                home.left()
            }.filter { $0.kind == .screen }
            #expect(screens.map(\.name) == ["Home", "Home"])
            #expect(screens.map(\.outcome) == [.done, .abandoned])
        }

        @Test func readyBeforeTheCreationBelongsToIt() {
            let accounts = NoWait.screen("Accounts")
            let screens = Replay.events {
                Fact.foreground(restored: false).tell()
                accounts.ready()
                accounts.created()
                accounts.shown()
            }.filter { $0.kind == .screen }
            #expect(screens.map(\.name) == ["Accounts"] && screens.map(\.outcome) == [.done])
        }
    }
}
