package dev.nowait

import dev.nowait.internal.Face
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNotNull
import org.junit.Test
import java.net.InetAddress
import java.net.ServerSocket
import java.net.Socket
import java.util.concurrent.Future
import java.util.concurrent.TimeUnit
import kotlin.time.Duration.Companion.minutes
import kotlin.time.Duration.Companion.seconds

/** A collector that takes connections and never answers, and a flush that waits for it: what stands behind that? */
abstract class SilentServer(
    private val transport: Transport = Transport.PLATFORM,
) {
    private val silent = ServerSocket(0, 50, InetAddress.getLoopbackAddress())

    /** The flush that waits, and the connection on which it does. */
    internal fun whileAFlushWaits(work: (Future<Flushed>, Socket) -> Unit) {
        silent.soTimeout = LIMIT_MS
        val settings =
            Settings().apply {
                consent = Consent.GRANTED
                transport = this@SilentServer.transport
            }
        Face.start(JvmPlatform(), "http://127.0.0.1:${silent.localPort}", "key", settings)
        await("running") { NoWait.status == Status.Running }
        NoWait.action("Pay.Confirm").measure { }
        val flush = NoWait.flush(2.minutes)
        silent.accept().use { work(flush, it) }
    }

    @After
    fun close() = silent.close()

    internal companion object {
        const val LIMIT_MS = 10_000
    }
}

class FactsAtASilentServerTest : SilentServer() {
    @Test
    fun noneIsLostAndWhatIsAskedIsAnswered() =
        whileAFlushWaits { flush, connection ->
            val later = NoWait.action("Pay.Later")
            repeat(FACTS) { later.measure { } }
            assertNotNull("a report", NoWait.selfReport().get(10, TimeUnit.SECONDS))
            val more = List(100) { NoWait.flush(0.seconds) }
            for (asked in more) assertFalse(asked.get(10, TimeUnit.SECONDS).complete)
            assertFalse("all that before the flush was over", flush.isDone)
            connection.close()
            await("all facts") { report().produced == 1L + FACTS }
            assertEquals(0, report().signalsLost)
        }

    private fun report(): SelfReport = checkNotNull(NoWait.selfReport().get(10, TimeUnit.SECONDS))

    private companion object {
        /** What 120 a second are in the 8 s that a flush may take. */
        const val FACTS = 949
    }
}

abstract class DecisionAtASilentServer(
    transport: Transport,
) : SilentServer(transport) {
    @Test
    fun aRefusalBreaksOffWhatIsUnderWay() =
        whileAFlushWaits { flush, connection ->
            NoWait.consent(Consent.REFUSED)
            connection.soTimeout = LIMIT_MS
            connection.getInputStream().readAllBytes()
            flush.get(10, TimeUnit.SECONDS)
        }
}

class DecisionAtASilentServerTest : DecisionAtASilentServer(Transport.PLATFORM)

class DecisionAtASilentServerWithTheNativeTransportTest : DecisionAtASilentServer(Transport.NATIVE)

class ShutdownAtASilentServerTest : SilentServer() {
    @Test
    fun aShutdownPassesTheFlush() =
        whileAFlushWaits { flush, _ ->
            val shutdown = NoWait.shutdown(0.seconds)
            assertEquals("at once", Status.Stopped, NoWait.status)
            assertFalse(shutdown.get(10, TimeUnit.SECONDS).complete)
            assertFalse("before the flush was over", flush.isDone)
        }
}
