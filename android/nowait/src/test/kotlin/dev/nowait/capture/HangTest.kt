package dev.nowait.capture

import android.os.Looper
import dev.nowait.internal.Face
import dev.nowait.internal.capture.HangWatch
import dev.nowait.testing.Replay
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config
import org.robolectric.shadows.ShadowSystemClock
import java.time.Duration

@Config(sdk = [24], manifest = Config.NONE)
class HangApi24Test : HangTest()

@Config(sdk = [30], manifest = Config.NONE)
class HangApi30Test : HangTest()

@Config(sdk = [35], manifest = Config.NONE)
class HangApi35Test : HangTest()

/** A main thread that is silent for a while, and the hangs that come of it. Its messages run when the test lets them. */
@RunWith(RobolectricTestRunner::class)
abstract class HangTest : CapturedApp() {
    private var isDebugged = false
    private lateinit var there: Looper

    override val hangWatch: ((Looper) -> HangWatch) = {
        there = it
        HangWatch(Face.lane, it, ::nowNs) { isDebugged }
    }

    private val main = shadowOf(Looper.getMainLooper())

    /** So much time passes, in which the main thread does nothing else than this. */
    private fun looks(
        count: Int,
        between: () -> Unit = {},
    ) = repeat(count) {
        pass(100)
        shadowOf(there).idle()
        between()
    }

    /** The main thread answers everything that it was asked. */
    private fun answering(count: Int) = looks(count) { main.idle() }

    /** The main thread is asked, and answers so much later. */
    private fun silence(ms: Int) {
        looks(1 + ms / 100)
        main.idle()
    }

    private fun hangsMs(): List<Long> = events("hang").map { it.durationNs / 1_000_000 }

    private fun inFront() =
        shown<BankActivity>().also {
            main.idle()
            shadowOf(there).idle()
            answering(3)
        }

    @Test
    fun aSilenceIsAHangOfThatLengthOnItsScreen() {
        inFront()
        assertEquals("a main thread that answers", emptyList<Long>(), hangsMs())
        val before = nowNs()
        silence(500)
        val hang = event("hang")
        assertEquals(500L, hang.durationNs / 1_000_000)
        assertEquals("when it was asked", before + 100_000_000, hang.startedNs)
        assertEquals("done", hang.outcome)
        assertEquals(id("BankActivity"), hang.screen)
        answering(10)
        silence(300)
        assertEquals("the next one by itself", listOf(500L, 300L), hangsMs())
        silence(200)
        assertEquals("200 ms are none", 2, hangsMs().size)
    }

    @Test
    fun aProcessThatEndsInASilenceDiedOfIt() {
        inFront()
        looks(8)
        Replay.died(nowNs())
        assertEquals("died", event("hang").outcome)
    }

    @Test
    fun nothingIsAskedInTheBackground() {
        val activity = inFront()
        activity.pause().stop()
        main.idle()
        shadowOf(there).idle()
        assertEquals("nothing waits for its time", Duration.ZERO, shadowOf(there).nextScheduledTaskTime)
        assertTrue(main.isIdle)
        pass(60_000)
        assertEquals(Duration.ZERO, shadowOf(there).nextScheduledTaskTime)
        activity.restart().start().resume()
        main.idle()
        shadowOf(there).idle()
        answering(2)
        assertEquals("the time away", emptyList<Long>(), hangsMs())
        silence(400)
        assertEquals(listOf(400L), hangsMs())
    }

    @Test
    fun sleepIsNoSilence() {
        inFront()
        looks(2)
        ShadowSystemClock.simulateDeepSleep(Duration.ofMinutes(10))
        looks(2)
        main.idle()
        answering(8)
        assertEquals(emptyList<Long>(), hangsMs())
        silence(400)
        assertEquals("from then on as before", listOf(400L), hangsMs())
    }

    @Test
    fun aProcessThatWasFrozenHungNot() {
        inFront()
        looks(1)
        // Neither thread ran.
        pass(5_000)
        shadowOf(there).idle()
        main.idle()
        answering(8)
        assertEquals(emptyList<Long>(), hangsMs())
    }

    @Test
    fun whoStandsAtABreakpointWaitsForHimself() {
        inFront()
        isDebugged = true
        looks(20)
        main.idle()
        isDebugged = false
        answering(8)
        assertEquals(emptyList<Long>(), hangsMs())
        silence(400)
        assertEquals(listOf(400L), hangsMs())
    }
}
