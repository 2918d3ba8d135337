package dev.nowait.testing

import dev.nowait.Consent
import dev.nowait.NoWait
import dev.nowait.Status
import dev.nowait.internal.Native
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNull
import org.junit.Assert.assertSame
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Test
import java.io.IOException
import java.net.SocketTimeoutException
import kotlin.time.Duration
import kotlin.time.Duration.Companion.days
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

/** The fake as an app's test has it: on a plain JVM, without Android and without the library. */
class FakeNoWaitTest {
    private lateinit var nowait: FakeNoWait

    @Before
    fun begin() {
        nowait = FakeNoWait()
    }

    @After
    fun end() = nowait.close()

    @Test
    fun itNeedsNeitherAndroidNorTheLibrary() {
        assertThrows(ClassNotFoundException::class.java) { Class.forName("android.app.Application") }
        NoWait.action("Pay.Confirm").measure { }
        assertThrows(UnsatisfiedLinkError::class.java) { Native.nowNs() }
    }

    @Test
    fun aScreenIsDoneWhenItIsShownAndReady() {
        val home = NoWait.screen("Home")
        home.created()
        nowait.pass(300.milliseconds)
        home.shown()
        assertEquals(emptyList<Wait>(), nowait.waits(screen("Home")))
        assertEquals(listOf(screen("Home")), nowait.open)
        nowait.pass(700.milliseconds)
        home.ready()
        assertEquals(Wait(screen("Home"), Outcome.DONE, Duration.ZERO, 1.seconds), nowait.waits(screen("Home")).single())
        nowait.checkNothingIsOpen()
    }

    @Test
    fun aScreenThatIsLeftOrNeverReadyIsNotDone() {
        val home = NoWait.screen("Home")
        home.created()
        home.left()
        home.created()
        home.shown()
        nowait.pass(31.seconds)
        assertEquals(listOf(Outcome.ABANDONED, Outcome.TIMED_OUT), nowait.waits(screen("Home")).map { it.outcome })
        assertEquals("its limit", 30.seconds, nowait.waits.last().duration)
    }

    @Test
    fun whatIsThrownSaysHowAnActionEnded() {
        val pay = NoWait.action("Pay.Confirm")
        for (problem in listOf(IOException(), SocketTimeoutException(), InterruptedException())) {
            assertSame(problem, assertThrows(Exception::class.java) { pay.measure { throw problem } })
        }
        assertEquals(
            listOf(Outcome.FAILED, Outcome.TIMED_OUT, Outcome.ABANDONED),
            nowait.waits(action("Pay.Confirm")).map { it.outcome },
        )
    }

    @Test
    fun requestsJourneysAndSteps() {
        NoWait.route("GET /home").begin().end(503)
        val transfer = NoWait.journey("Transfer").begin()
        transfer.step("Transfer.Form")
        nowait.pass(4.seconds)
        transfer.step("Transfer.Receipt")
        nowait.pass(1.seconds)
        assertTrue(transfer.handOver()!! != transfer.handOver()!!)
        transfer.end()
        assertEquals(Outcome.FAILED, nowait.waits(request("GET /home")).single().outcome)
        assertEquals(4.seconds, nowait.waits(step("Transfer.Form")).single().duration)
        assertEquals(5.seconds, nowait.waits(journey("Transfer")).single().duration)
        assertEquals(4.seconds, nowait.waits(step("Transfer.Receipt")).single().began)
        assertEquals(2, nowait.handOvers)
    }

    @Test
    fun whatNobodyEndsIsNamed() {
        NoWait.action("Pay.Confirm").begin()
        val problem = assertThrows(IllegalStateException::class.java) { nowait.checkNothingIsOpen() }
        assertTrue(problem.message, "action Pay.Confirm" in problem.message!!)
    }

    @Test
    fun breadcrumbsAndRatings() {
        NoWait.breadcrumb("biometric.prompt")
        NoWait.rate("Transfer.Receipt", 4)
        NoWait.rate("Transfer.Receipt", 6)
        assertEquals(listOf("biometric.prompt"), nowait.breadcrumbs)
        assertEquals("six is no rating", listOf(Rating("Transfer.Receipt", 4)), nowait.ratings)
    }

    @Test
    fun whoAgreedIsAskedOnceInATime() {
        assertFalse(NoWait.mayAsk())
        NoWait.consent(Consent.GRANTED)
        assertEquals(listOf(true, false), List(2) { NoWait.mayAsk(90) })
        nowait.pass(90.days)
        assertEquals(listOf(true, false), List(2) { NoWait.mayAsk(90) })
    }

    @Test
    fun afterARefusalThereIsNothingAndNothingComes() {
        val pay = NoWait.action("Pay.Confirm")
        pay.measure { }
        val open = pay.begin()
        NoWait.consent(Consent.REFUSED)
        open.end()
        pay.measure { }
        assertEquals(Consent.REFUSED, nowait.consent)
        assertEquals(emptyList<Wait>(), nowait.waits)
        NoWait.consent(Consent.GRANTED)
        pay.measure { }
        assertEquals("since the customer agreed again", 1, nowait.waits.size)
    }

    @Test
    fun aShutdownIsTheEnd() {
        assertTrue(NoWait.flush().get().complete)
        assertTrue(NoWait.shutdown().get().complete)
        NoWait.action("Pay.Confirm").measure { }
        assertEquals(Status.Stopped, NoWait.status)
        assertEquals(emptyList<Wait>(), nowait.waits)
        assertNull(NoWait.selfReport().get())
    }

    @Test
    fun thereIsOneAtATimeAndEachBeginsAnew() {
        assertThrows(IllegalStateException::class.java) { FakeNoWait() }
        NoWait.screen("Home").created()
        assertEquals(Status.Off, NoWait.status)
        assertFalse(nowait.isStarted)
        nowait.close()
        NoWait.action("Nobody.Listens").measure { }
        nowait = FakeNoWait()
        assertEquals(emptyList<Touchpoint>(), nowait.open)
        NoWait.screen("Home").ready()
        NoWait.screen("Home").left()
        assertEquals("an instance of the test before", emptyList<Wait>(), nowait.waits)
    }
}
