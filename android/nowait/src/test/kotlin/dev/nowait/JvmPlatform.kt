package dev.nowait

import dev.nowait.ffi.Device
import dev.nowait.ffi.Os
import dev.nowait.ffi.Roots
import dev.nowait.ffi.StartConfig
import dev.nowait.ffi.Tier
import dev.nowait.internal.Platform
import dev.nowait.internal.ProcessStart
import dev.nowait.internal.ffi
import java.nio.file.Files
import java.util.concurrent.CountDownLatch

/** The face's core on a plain JVM: an Android device by its own word, in a folder of the test's. */
internal class JvmPlatform(
    private val folder: String = Files.createTempDirectory("nowait").toString(),
    private val start: ProcessStart? = null,
    /** Open: the library is loaded at once. */
    private val gate: CountDownLatch = CountDownLatch(0),
) : Platform {
    @Volatile
    var warning: String? = null
        private set

    override fun config(
        endpoint: String,
        appKey: String,
        settings: Settings,
    ): StartConfig =
        StartConfig(
            endpoint = endpoint,
            appKey = appKey,
            appVersion = settings.appVersion ?: "8.2.0",
            appBuild = settings.appBuild ?: "48211",
            folder = folder,
            device = Device(Os.ANDROID, osVersion = "15", model = "JVM", tier = Tier.MID, country = "PT"),
            dimensions = settings.dimensions,
            flushIntervalMs = settings.flushInterval.inWholeMilliseconds.toULong(),
            consent = settings.consent.ffi,
            hold = null,
            roots = Roots.Mozilla,
            pins = emptyList(),
        )

    /** Asked before the library is loaded. */
    override fun processStart(): ProcessStart? {
        gate.await()
        return start
    }

    override fun warn(problem: String) {
        warning = problem
    }
}

/** Waits until [condition] holds; a test that would wait longer than ten seconds fails. */
internal fun await(
    what: String,
    condition: () -> Boolean,
) {
    val until = System.nanoTime() + 10_000_000_000
    while (!condition()) {
        check(System.nanoTime() < until) { "still not: $what" }
        Thread.sleep(1)
    }
}
