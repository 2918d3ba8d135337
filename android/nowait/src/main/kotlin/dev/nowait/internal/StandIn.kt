package dev.nowait.internal

import dev.nowait.Consent
import dev.nowait.Status

/** What takes the engine's place in a test of an app: `FakeNoWait` of `nowait-testing`, which is built with this version of us. */
internal interface StandIn {
    val status: Status

    /** Whether this is the first start. */
    fun start(): Boolean

    fun shutdown()

    fun consent(consent: Consent)

    fun handOver(): String

    fun mayAsk(everyDays: Int): Boolean

    /** As [Lane.tell]; [atNs] may be [Native.NOW]. */
    fun tell(
        fact: Int,
        name: Name?,
        small: Int,
        atNs: Long,
        x: Long,
        y: Long,
    )
}
