@file:Suppress("unused", "UNUSED_PARAMETER", "ktlint:standard:filename", "ktlint:standard:property-naming")

package dev.nowait.snippet

import android.app.Application
import dev.nowait.NoWait
import kotlin.time.Duration.Companion.seconds

private const val KEY = "the key that nowait serve made"

private class Order

private class Receipt

private class Bank {
    suspend fun submit(order: Order): Receipt = Receipt()
}

// What README.md and docs/integrate-android.md show stands between the marks; SnippetTest compares them with it.
// snippet begins
class BankApp : Application() {
    override fun onCreate() {
        super.onCreate()
        NoWait.start(this, endpoint = "https://telemetry.bank.example", appKey = KEY) { flushInterval = 30.seconds }
    }
}

private val pay = NoWait.action("Pay.Confirm") // create once, keep

private suspend fun confirm(
    bank: Bank,
    order: Order,
): Receipt = pay.measure { bank.submit(order) } // suspends; rethrows untouched
// snippet ends
