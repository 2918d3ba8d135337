package dev.nowait.capture

import android.app.ActivityManager
import android.app.Application
import android.content.Context
import android.content.ContextWrapper
import dev.nowait.NoWait
import dev.nowait.StartResult
import dev.nowait.Status
import dev.nowait.await
import dev.nowait.internal.AndroidPlatform
import dev.nowait.testing.Replay
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config
import org.robolectric.shadows.ShadowApplication
import kotlin.time.Duration.Companion.seconds

/** The public start on a real Application: one line, and Activities are captured. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35], manifest = Config.NONE)
class StartTest {
    private val application: Application get() = RuntimeEnvironment.getApplication()

    @Test
    fun oneLineCapturesAnActivity() {
        Replay.begin()
        assertTrue(
            "what the app's own block throws is no crash",
            NoWait.start(application, "http://127.0.0.1:9", "key") { error("a bug of the app") } is StartResult.Refused,
        )
        assertEquals(Status.Off, NoWait.status)
        assertTrue("no application yet", NoWait.start(ContextWrapper(null), "http://127.0.0.1:9", "key") is StartResult.Refused)
        val started =
            NoWait.start(ContextWrapper(application), "http://127.0.0.1:9", "key") {
                appVersion = "8.2.0"
                flushInterval = 30.seconds
                screenName = { "Home" }
            }
        assertEquals(StartResult.Started, started)
        val activity =
            Robolectric
                .buildActivity(BankActivity::class.java)
                .create()
                .start()
                .postCreate(null)
                .resume()
                .visible()
        activity.frame(workMs = 10)
        await("running") { NoWait.status == Status.Running }
        await("handed over") { Replay.events().any { it.kind == "screen" } }
        Replay.end()
    }

    @Test
    @Config(sdk = [24, 35])
    fun onlyTheMainProcessIsTheMainProcess() {
        val platform = AndroidPlatform(application)
        val own = application.applicationInfo.processName
        application.applicationInfo.processName = "bank.example"
        ShadowApplication.setProcessName("bank.example:push")
        assertFalse(platform.isMainProcess())
        ShadowApplication.setProcessName("bank.example")
        assertTrue(platform.isMainProcess())
        application.applicationInfo.processName = own
    }

    @Test
    fun theAppAndTheDeviceSpeakForThemselves() {
        val manager = application.getSystemService(Context.ACTIVITY_SERVICE) as ActivityManager
        val settings = dev.nowait.Settings().apply { dimensions = mapOf("segment" to "retail") }
        val config = AndroidPlatform(application).config("https://telemetry.bank.example", "key", settings)
        assertEquals(dev.nowait.ffi.Os.ANDROID, config.device.os)
        assertEquals("15", config.device.osVersion)
        assertEquals(mapOf("segment" to "retail"), config.dimensions)
        assertEquals(300_000uL, config.flushIntervalMs)
        assertTrue(config.folder, config.folder.startsWith(application.noBackupFilesDir.path))
        assertTrue(manager.isLowRamDevice || config.device.tier != dev.nowait.ffi.Tier.UNKNOWN)
    }
}
