// The snippets of README.md and docs/integrate-ios.md, compiled: a test looks for each of them here, line by line.

import Foundation
import NoWait
import SwiftUI

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

@main struct BankApp: App {
    init() {
        NoWait.start(endpoint: "https://telemetry.bank.example", appKey: "your-app-key") {
            $0.flushInterval = .seconds(30)
        }
    }

    var body: some Scene {
        WindowGroup {
            HomeView()
                .trackScreen("Home")
        }
    }
}

struct HomeView: View {
    var body: some View {
        Button("Transfer", action: openTransfer)
            .trackTap("Home.Transfer")
    }

    private func openTransfer() {}
}

struct AccountsView: View {
    let accounts: [String]

    var body: some View {
        Text("\(accounts.count) accounts")
            .trackScreen("Accounts", ready: !accounts.isEmpty)
    }
}

struct Order: Sendable {}
struct Receipt: Sendable {}

let pay = NoWait.action("Pay.Confirm")

func confirm(_ order: Order, at bank: some Bank) async throws -> Receipt {
    let receipt = try await pay.measure { try await bank.submit(order) }
    return receipt
}

func scan(with scanner: some Scanner) {
    let span = NoWait.action("QR.Scan").begin()
    scanner.scan { found in
        if found { span.end() } else { span.fail() }
    }
}

let session = URLSession(
    configuration: .default, delegate: NoWait.RequestMeter(NoWait.Routes("/accounts/{id}", "POST /transfers")),
    delegateQueue: nil)

let prompt = NoWait.crumb("biometric.prompt")

func unlock() {
    NoWait.breadcrumb(prompt)
}

func customerDecided(agrees: Bool) {
    NoWait.consent(agrees ? .granted : .refused)
}

func transfer(through bank: some Bank) async throws {
    let travel = NoWait.journey("Transfer").begin()
    travel.step("Confirm")
    let request = NoWait.route("POST /confirm").begin()
    do {
        let status = try await bank.post("/confirm")
        request.end(status: status)
        travel.end()
    } catch {
        request.fail(error)
        travel.fail(error)
        throw error
    }
}

protocol Bank: Sendable {
    func submit(_ order: Order) async throws -> Receipt
    func post(_ path: String) async throws -> Int
}

protocol Scanner {
    func scan(_ done: @escaping @Sendable (_ found: Bool) -> Void)
}
