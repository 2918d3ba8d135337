package dev.nowait.exits

import android.app.ActivityManager
import android.app.ApplicationExitInfo
import android.os.Build
import dev.nowait.Collector
import dev.nowait.Consent
import dev.nowait.NoWait
import dev.nowait.Status
import dev.nowait.await
import dev.nowait.ffi.ExitCause
import dev.nowait.internal.ExitReasons
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config
import org.robolectric.shadows.ShadowActivityManager.ApplicationExitInfoBuilder
import java.io.File
import java.nio.file.Files
import java.time.Instant

@Config(sdk = [24], manifest = Config.NONE)
class ExitsApi24Test : ExitsTest()

@Config(sdk = [30], manifest = Config.NONE)
class ExitsApi30Test : ExitsTest()

@Config(sdk = [35], manifest = Config.NONE)
class ExitsApi35Test : ExitsTest()

/** Processes that really end, what Android says of them, and what the next start makes of both in a report. */
@RunWith(RobolectricTestRunner::class)
abstract class ExitsTest {
    private val application = RuntimeEnvironment.getApplication()
    private val manager = checkNotNull(application.getSystemService(ActivityManager::class.java))
    private val knows = Build.VERSION.SDK_INT >= Build.VERSION_CODES.R

    private fun remember(
        process: Long,
        reason: Int,
        endedUnixMs: Long,
    ) {
        if (!knows) return
        val info =
            ApplicationExitInfoBuilder
                .newBuilder()
                .setPid(process.toInt())
                .setReason(reason)
                .setTimestamp(endedUnixMs)
        shadowOf(manager).addApplicationExitInfo(info.setProcessName(application.packageName).build())
    }

    @Test
    fun eachEndIsToldOnceWithItsCause() {
        val folder = Files.createTempDirectory("nowait-exits").toFile()
        val ours = File(application.noBackupFilesDir, "nowait")
        val killed = DyingProgram.run(ours.path, "halt")
        // Elsewhere, or it would find what the other one left.
        val crashed = DyingProgram.run(folder.path, "crash")
        for (recorder in File(folder, "live").listFiles()!!) check(recorder.renameTo(File(ours, "live/${recorder.name}")))
        // Not the framework's clock, which stands still.
        val now = Instant.now().toEpochMilli()
        // That of another process, and that of another time.
        remember(killed + 1_000_000, ApplicationExitInfo.REASON_USER_REQUESTED, now)
        remember(killed, ApplicationExitInfo.REASON_LOW_MEMORY, now)
        remember(killed, ApplicationExitInfo.REASON_USER_REQUESTED, now - 3_600_000)
        remember(crashed, ApplicationExitInfo.REASON_CRASH, now)
        Collector(folder).use { collector ->
            NoWait.start(application, collector.url, collector.appKey) {
                appVersion = "8.2.0"
                consent = Consent.GRANTED
                captureActivities = false
                captureConditions = false
            }
            await("running") { NoWait.status == Status.Running }
            assertTrue(NoWait.flush(FLUSH_MS).get().complete)
            // Once more, with nothing new: nobody has it again.
            assertTrue(NoWait.flush(FLUSH_MS).get().complete)
            val report = collector.report("--os", "android")
            val exits = report.substringAfter("\"exits\": {").substringBefore("\"latest\"")
            val causes =
                Regex("\"cause\": \"([a-z_]+)\"")
                    .findAll(exits)
                    .map { it.groupValues[1] }
                    .sorted()
                    .toList()
            assertEquals(report, listOf("crash", if (knows) "low_memory" else "unknown"), causes)
            assertEquals(report, "2", Regex("\"count\": (\\d+)").find(exits)!!.groupValues[1])
            assertTrue("the class that was thrown first:\n$report", "\"java.lang.IllegalStateException\"" in exits)
            assertTrue("where:\n$report", "\"dev.nowait.exits.DyingProgram.sign\"" in report)
            assertFalse("what it said", "4111" in report || "Meier" in report)
            assertTrue("both died while the customer waited:\n$report", Regex("\"died\": 2").containsMatchIn(report))
        }
        folder.deleteRecursively()
    }

    @Test
    fun theSystemIsAskedOnlyWhereItKnows() {
        remember(7, ApplicationExitInfo.REASON_ANR, 1_772_800_000_000)
        val reasons = ExitReasons.of(application)
        if (!knows) return assertNull(reasons)
        val exit = reasons!!.recent().single()
        assertEquals(7u, exit.process)
        assertEquals(1_772_800_000_000uL, exit.endedUnixMs)
        assertEquals(ExitCause.NOT_RESPONDING, exit.cause)
    }

    @Test
    fun everyReasonIsAThingOfItsOwn() {
        val causes = (0..16).map(ExitReasons::causeOf)
        // One more is user stopped, and what has no word of ours is something else that the system did.
        assertEquals(ExitCause.entries.toSet(), causes.toSet())
        assertEquals(ExitCause.OTHER, ExitReasons.causeOf(1_000))
    }

    private companion object {
        const val FLUSH_MS = 60_000L
    }
}
