package dev.nowait

import dev.nowait.internal.Face
import dev.nowait.testing.Replay
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import kotlinx.coroutines.withTimeoutOrNull
import org.junit.Assert.assertEquals
import org.junit.Before
import org.junit.Test
import java.io.IOException
import java.net.SocketTimeoutException
import java.util.concurrent.CancellationException
import java.util.concurrent.TimeoutException

/** What a measured action ended with, by what was thrown. */
class MeasureTest {
    private val submit = NoWait.action("Pay.Submit")

    @Before
    fun load() = Face.lane.load(processStart = null)

    @Test
    fun aTimeLimitOfCoroutinesIsTimedOut() {
        assertEquals("around it", "timed_out", outcomeOf { withTimeout(1) { submit.measure { awaitCancellation() } } })
        assertEquals("in it", "timed_out", outcomeOf { submit.measure { withTimeout(1) { awaitCancellation() } } })
        assertEquals(
            "around a coroutine of its own",
            "timed_out",
            outcomeOf { withTimeout(1) { launch(start = CoroutineStart.UNDISPATCHED) { submit.measure { awaitCancellation() } } } },
        )
        assertEquals("without a throw", "timed_out", outcomeOf { withTimeoutOrNull(1) { submit.measure { awaitCancellation() } } })
    }

    @Test
    fun aCancellationByTheCallerIsAbandoned() {
        val outcome =
            outcomeOf {
                val job = launch(start = CoroutineStart.UNDISPATCHED) { submit.measure { awaitCancellation() } }
                job.cancelAndJoin()
            }
        assertEquals("abandoned", outcome)
    }

    @Test
    fun whatIsThrownSaysHowItEnded() {
        assertEquals("done", outcomeOf { submit.measure { } })
        assertEquals("failed", outcomeOf { submit.measure { throw IOException("no network") } })
        assertEquals("timed_out", outcomeOf { submit.measure { throw TimeoutException("of a Future") } })
        assertEquals("timed_out", outcomeOf { submit.measure { throw SocketTimeoutException("of a connection") } })
        assertEquals("abandoned", outcomeOf { submit.measure { throw CancellationException("left") } })
        assertEquals("abandoned", outcomeOf { submit.measure { throw InterruptedException() } })
    }

    @Test
    fun anAppWithoutCoroutinesNeedsNone() {
        val loader = WithoutCoroutines()
        val outcome = loader.loadClass("dev.nowait.Outcome")
        val of = outcome.getMethod("of", Throwable::class.java)
        val instance = outcome.getField("INSTANCE").get(null)
        assertEquals(Outcome.ABANDONED, of.invoke(instance, CancellationException("left")))
        assertEquals(Outcome.FAILED, of.invoke(instance, IOException("no network")))
        assertEquals("it was looked for", listOf("kotlinx.coroutines.TimeoutCancellationException"), loader.refused)
    }

    private fun outcomeOf(work: suspend CoroutineScope.() -> Unit): String {
        Replay.begin()
        runCatching { runBlocking { work() } }
        return Replay.end().single { it.kind == "action" }.outcome
    }

    /** Loads our classes again, and finds none of coroutines. */
    private class WithoutCoroutines : ClassLoader(MeasureTest::class.java.classLoader) {
        val refused = mutableListOf<String>()

        override fun loadClass(
            name: String,
            resolve: Boolean,
        ): Class<*> {
            if (name.startsWith("kotlinx.coroutines.")) {
                refused += name
                throw ClassNotFoundException(name)
            }
            if (!name.startsWith("dev.nowait.")) return super.loadClass(name, resolve)
            return findLoadedClass(name) ?: define(name)
        }

        private fun define(name: String): Class<*> {
            val bytes = parent.getResourceAsStream(name.replace('.', '/') + ".class")!!.use { it.readBytes() }
            return defineClass(name, bytes, 0, bytes.size)
        }
    }
}
