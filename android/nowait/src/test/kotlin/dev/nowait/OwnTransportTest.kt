package dev.nowait

import dev.nowait.internal.Face
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Test
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.TimeUnit
import kotlin.time.Duration.Companion.seconds

/** The app's own transport, which may fail as it likes. */
class OwnTransportTest {
    @Test
    fun itGetsTheBatchesAndItsFailuresAreItsOwn() {
        val parcels = LinkedBlockingQueue<Parcel>()
        val settings =
            Settings().apply {
                consent = Consent.GRANTED
                transport =
                    Transport {
                        parcels += it
                        throw StackOverflowError()
                    }
            }
        Face.start(JvmPlatform(), "https://telemetry.bank.example", "key", settings)
        await("running") { NoWait.status == Status.Running }
        NoWait.action("Pay.Confirm").measure { }
        assertFalse(NoWait.flush(2.seconds).get(10, TimeUnit.SECONDS).complete)
        val parcel = parcels.poll()!!
        assertEquals("https://telemetry.bank.example/v1/batches", parcel.url)
        assertEquals("Bearer key", parcel.headers["authorization"])
        assertTrue(parcel.body.isNotEmpty() && parcel.timeoutMs > 0)
        assertFalse(parcel.isCancelled)
        val report = NoWait.selfReport().get()!!
        assertEquals("it is kept", 0, report.dropped.values.sum())
        assertEquals(0, report.panicsCaught)
    }
}
