package dev.nowait.benchmarks

import dev.nowait.Action
import dev.nowait.NoWait
import dev.nowait.SelfReport
import dev.nowait.Status
import dev.nowait.ffi.Consent
import dev.nowait.ffi.Device
import dev.nowait.ffi.Os
import dev.nowait.ffi.Roots
import dev.nowait.ffi.StartConfig
import dev.nowait.ffi.Tier
import dev.nowait.ffi.actionRecord
import dev.nowait.ffi.nowNs
import dev.nowait.ffi.registerName
import kotlin.time.Duration.Companion.seconds

/** What Java cannot call, because the Kotlin compiler mangles names with value classes. Loops are measured whole. */
object Calls {
    /** An hour between two flushes of its own: what is measured asks for each flush itself, out of the measured time. */
    private const val FLUSH_INTERVAL_MS = 3_600_000uL

    @JvmStatic
    fun config(
        endpoint: String,
        appKey: String,
        folder: String,
    ): StartConfig =
        StartConfig(
            endpoint = endpoint,
            appKey = appKey,
            appVersion = "1",
            appBuild = "1",
            folder = folder,
            device = Device(Os.ANDROID, osVersion = "15", model = "JVM", tier = Tier.MID, country = "PT"),
            dimensions = emptyMap(),
            flushIntervalMs = FLUSH_INTERVAL_MS,
            consent = Consent.GRANTED,
            hold = null,
            roots = Roots.Mozilla,
            pins = emptyList(),
        )

    @JvmStatic
    fun nameId(text: String): Int = registerName(text).toInt()

    /** Empties the flight recorder, if NoWait runs: what it holds is sealed into the spool. */
    @JvmStatic
    fun flush() {
        if (NoWait.status == Status.Running) NoWait.flush(5.seconds).get()
    }

    @JvmStatic
    fun selfReport(): SelfReport = checkNotNull(NoWait.selfReport().get())

    @JvmStatic
    fun shutdown() {
        NoWait.shutdown(5.seconds).get()
    }

    @JvmStatic
    fun beginAndEnd(
        action: Action,
        times: Int,
    ) = repeat(times) { action.begin().end() }

    @JvmStatic
    fun measure(
        action: Action,
        times: Int,
    ): Int {
        var sum = 0
        repeat(times) { sum += action.measure { it } }
        return sum
    }

    @JvmStatic
    fun breadcrumbs(
        text: String,
        times: Int,
    ) = repeat(times) { NoWait.breadcrumb(text) }

    @JvmStatic
    fun uniffiClock(times: Int): Long {
        var sum = 0uL
        repeat(times) { sum += nowNs() }
        return sum.toLong()
    }

    @JvmStatic
    fun uniffiRecords(
        name: Int,
        times: Int,
    ) = repeat(times) { actionRecord(name.toUInt(), startedNs = 1u, endedNs = ULong.MAX_VALUE, outcome = 0u) }
}
