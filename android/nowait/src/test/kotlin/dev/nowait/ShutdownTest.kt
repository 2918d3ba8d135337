package dev.nowait

import dev.nowait.internal.Face
import dev.nowait.internal.Fact
import dev.nowait.internal.Lane
import dev.nowait.internal.Names
import dev.nowait.testing.Replay
import org.junit.Assert.assertEquals
import org.junit.Test
import java.util.concurrent.CountDownLatch
import java.util.concurrent.CyclicBarrier
import java.util.concurrent.TimeUnit
import kotlin.concurrent.thread
import kotlin.time.Duration.Companion.seconds

/** A shutdown counts from its call on, whatever is under way. */
class ShutdownTest {
    @Test
    fun duringTheStartItKeepsWhatWasToldBeforeAndStaysOff() {
        val gate = CountDownLatch(1)
        assertEquals(StartResult.Started, Face.start(JvmPlatform(gate = gate), "http://127.0.0.1:9", "key", Settings()))
        val pay = NoWait.action("Pay.Confirm")
        pay.measure { }
        val shutdown = NoWait.shutdown(5.seconds)
        assertEquals("at once", Status.Stopped, NoWait.status)
        pay.measure { }
        gate.countDown()
        shutdown.get(10, TimeUnit.SECONDS)
        NoWait.consent(Consent.GRANTED)
        pay.measure { }
        assertEquals("stays off", Status.Stopped, NoWait.status)
        assertEquals(null, NoWait.selfReport().get())
        val produced =
            dev.nowait.ffi
                .selfReport()!!
                .produced
        assertEquals("what was told before", 1uL, produced)
        assertEquals(StartResult.AlreadyStarted, Face.start(JvmPlatform(), "http://127.0.0.1:9", "key", Settings()))
    }

    @Test
    fun aFactThatIsHeldMeanwhileDoesNotOpenItAgain() {
        val route = Names().of("GET /home")
        repeat(200) {
            Replay.begin()
            val lane = Lane()
            val together = CyclicBarrier(3)
            val teller =
                thread {
                    together.await()
                    for (id in 1L..10L) lane.tell(Fact.REQUEST_STARTED, route, x = id)
                }
            val loader =
                thread {
                    together.await()
                    lane.load(processStart = null)
                }
            together.await()
            lane.close()
            teller.join()
            loader.join()
            lane.tell(Fact.ACTION_BEGIN, route, x = 11)
            lane.tell(Fact.ACTION_END, x = 11)
            assertEquals(emptyList<Any>(), Replay.end())
        }
    }
}
