package dev.nowait

import dev.nowait.internal.Face
import dev.nowait.internal.Fact
import dev.nowait.internal.ProcessStart
import dev.nowait.testing.Replay
import dev.nowait.testing.panicNext
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertSame
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.FixMethodOrder
import org.junit.Test
import org.junit.runners.MethodSorters
import java.io.IOException
import java.util.concurrent.CancellationException
import java.util.concurrent.CountDownLatch
import kotlin.coroutines.Continuation
import kotlin.coroutines.EmptyCoroutineContext
import kotlin.coroutines.resume
import kotlin.coroutines.startCoroutine
import kotlin.coroutines.suspendCoroutine

/** One session of a process, from the first fact before the engine is up to the shutdown; so the order matters. */
@FixMethodOrder(MethodSorters.NAME_ASCENDING)
class FaceTest {
    @Test
    fun a_whatIsToldEarlyWaitsWithItsOwnTimes() {
        val home = NoWait.screen("Home")
        val gate = CountDownLatch(1)
        Replay.begin()
        val beforeNs = System.nanoTime()
        home.ready()
        val platform = JvmPlatform(start = ProcessStart(beforeNs - 50_000_000, visible = true), gate = gate)
        // Nobody listens there: what is recorded stays on the device.
        assertEquals(StartResult.Started, Face.start(platform, "http://127.0.0.1:9", "key", Settings()))
        assertEquals(StartResult.AlreadyStarted, Face.start(platform, "http://127.0.0.1:9", "key", Settings()))
        home.created()
        home.shown()
        val journey = NoWait.journey("Transfer").begin()
        journey.end()
        val afterNs = System.nanoTime()
        assertEquals(Status.Starting, NoWait.status)
        gate.countDown()
        await("running") { NoWait.status == Status.Running }
        val events = Replay.end().filter { it.kind != "launch" }
        assertEquals(listOf("screen", "journey"), events.map { it.kind })
        assertEquals(listOf("Home", "Transfer").map { Face.names.of(it).id }, events.map { it.name })
        for (event in events) {
            assertTrue("$event began before the engine was up", event.startedNs in beforeNs..afterNs)
            assertTrue("$event ended before the engine was up", event.startedNs + event.durationNs <= afterNs)
        }
    }

    @Test
    fun b_actionsAreRecorded() {
        val before = produced()
        val pay = NoWait.action("Pay.Confirm")
        assertEquals(7, pay.measure { 7 })
        pay.begin().fail()
        assertEquals(before + 2, produced())
    }

    @Test
    fun c_whatIsThrownPassesThroughUntouched() {
        val before = produced()
        val action = NoWait.action("Pay.Fails")
        for (thrown in listOf(IOException("no network"), CancellationException("left"), StackOverflowError())) {
            assertSame(thrown, assertThrows(Throwable::class.java) { action.measure { throw thrown } })
        }

        fun leavesTheFunction(): Int = action.measure { return 3 }
        assertEquals(3, leavesTheFunction())
        assertEquals(before + 4, produced())
    }

    @Test
    fun d_measureSuspends() {
        val before = produced()
        var suspended: Continuation<String>? = null
        var receipt: String? = null
        val submit: suspend () -> String = { NoWait.action("Pay.Submit").measure { suspendCoroutine { suspended = it } } }
        submit.startCoroutine(Continuation(EmptyCoroutineContext) { receipt = it.getOrThrow() })
        assertEquals("nothing ended while it is suspended", before, produced())
        suspended!!.resume("receipt")
        assertEquals("receipt", receipt)
        assertEquals(before + 1, produced())
    }

    @Test
    fun e_aNameOfLaterIsRegisteredAndNothingIsLost() {
        val before = produced()
        repeat(20) { NoWait.action("Later.${'a' + it}").measure { } }
        assertEquals(before + 20, produced())
    }

    @Test
    fun e_aJourneyIsHandedOverAndRated() {
        val before = produced()
        val account = NoWait.journey("OpenAccount")
        val travel = account.begin()
        val codes = listOf(travel.handOver()!!, travel.handOver()!!)
        assertEquals("each is good for one use", 2, codes.toSet().size)
        assertTrue("$codes", codes.all { Regex("[0-9A-Z]{5}-[0-9A-Z]{5}-[0-9A-Z]{5}").matches(it) })
        travel.end()
        account.rate(travel, 5)
        NoWait.rate("Branch", 2)
        for (none in listOf(0, 6, -1, 256 + 3)) NoWait.rate("Branch", none)
        assertEquals("two hand-overs, a journey, two ratings", before + 5, produced())
        NoWait.consent(Consent.PENDING)
        assertFalse("nobody agreed", NoWait.mayAsk())
        NoWait.consent(Consent.GRANTED)
        assertEquals(listOf(true, false, true), listOf(122, 122, 0).map(NoWait::mayAsk))
    }

    @Test
    fun f_aFullNameTableStillCounts() {
        val before = produced()
        val letters = 'a'..'z'
        for (one in letters) {
            for (two in letters) {
                for (three in 'a'..'c') NoWait.breadcrumb("Many.$one.$two.$three")
            }
        }
        val oneTooMany = NoWait.action("One.Too.Many")
        oneTooMany.measure { }
        assertEquals(before + 1, produced())
        val twoTooMany = Face.names.of("Two.Too.Many")
        Face.lane.tell(Fact.BREADCRUMB, twoTooMany)
        assertEquals("`other`", 1, twoTooMany.id)
    }

    @Test
    fun g_panicsAreCaughtOnBothLanes() {
        val before = NoWait.selfReport().get()!!.panicsCaught
        panicNext()
        NoWait.breadcrumb("Pay.Confirm")
        assertEquals(before + 1, NoWait.selfReport().get()!!.panicsCaught)
        panicNext()
        assertFalse(NoWait.flush().get().complete)
        assertEquals(before + 2, NoWait.selfReport().get()!!.panicsCaught)
        assertEquals(7, NoWait.action("Pay.Confirm").measure { 7 })
    }

    @Test
    fun h_aRefusalStopsAndAConsentBeginsAnotherSession() {
        val pay = NoWait.action("Pay.Confirm")
        val before = produced()
        val session = report().session
        NoWait.consent(Consent.REFUSED)
        pay.measure { }
        assertEquals(before, produced())
        NoWait.consent(Consent.GRANTED)
        await("another session") {
            NoWait.flush().get()
            report().session != session
        }
        val fresh = produced()
        pay.measure { }
        assertEquals(fresh + 1, produced())
    }

    @Test
    fun i_afterTheShutdownEverythingIsANoOp() {
        val before = produced()
        NoWait.shutdown().get()
        NoWait.consent(Consent.GRANTED)
        assertEquals(Status.Stopped, NoWait.status)
        assertEquals(7, NoWait.action("Pay.Confirm").measure { 7 })
        assertEquals(null, NoWait.selfReport().get())
        assertEquals(null, NoWait.journey("Transfer").begin().handOver())
        assertEquals(
            before,
            dev.nowait.ffi
                .selfReport()!!
                .produced
                .toLong(),
        )
    }

    /** As of now: a flush, which nobody answers, has the engine take everything that was told. */
    private fun produced(): Long {
        NoWait.flush().get()
        return report().produced
    }

    private fun report(): SelfReport = checkNotNull(NoWait.selfReport().get())
}
