package dev.nowait

import dev.nowait.internal.Face
import dev.nowait.internal.Name
import dev.nowait.internal.StandIn
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config

/** What takes the engine's place gets everything, and an app that starts NoWait in its test starts nothing. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35], manifest = Config.NONE)
class StandInTest {
    private class Place : StandIn {
        val told = ArrayList<String?>()
        var starts = 0
        override var status: Status = Status.Off

        override fun start(): Boolean = starts++ == 0

        override fun shutdown() {
            status = Status.Stopped
        }

        override fun consent(consent: Consent) {
            told += consent.name
        }

        override fun handOver() = "code"

        override fun mayAsk(everyDays: Int) = everyDays == 122

        override fun tell(
            fact: Int,
            name: Name?,
            small: Int,
            atNs: Long,
            x: Long,
            y: Long,
        ) {
            told += name?.text
        }
    }

    @Test
    fun itGetsEverythingAndGivesThePlaceBack() {
        val place = Place()
        assertTrue(Face.replaceWith(place))
        assertFalse("one at a time", Face.replaceWith(Place()))
        val application = RuntimeEnvironment.getApplication()
        assertEquals(StartResult.Started, NoWait.start(application, "http://127.0.0.1:9", "key"))
        assertEquals(StartResult.AlreadyStarted, NoWait.start(application, "http://127.0.0.1:9", "key"))
        Robolectric.buildActivity(android.app.Activity::class.java).setup()
        NoWait.breadcrumb("biometric.prompt")
        NoWait.consent(Consent.GRANTED)
        assertEquals("no Activity is captured", listOf<String?>("biometric.prompt", "GRANTED"), place.told)
        assertEquals("code", NoWait.journey("Transfer").begin().handOver())
        assertTrue(NoWait.mayAsk())
        assertTrue(NoWait.flush().get().complete)
        NoWait.shutdown().get()
        assertEquals(Status.Stopped, NoWait.status)
        Face.replaceWith(null)
        val before = place.told.size
        NoWait.breadcrumb("biometric.prompt")
        assertEquals(before, place.told.size)
        assertEquals("nothing was started", Status.Off, NoWait.status)
        assertFalse(Thread.getAllStackTraces().keys.any { it.name.startsWith("nowait-") })
    }
}
