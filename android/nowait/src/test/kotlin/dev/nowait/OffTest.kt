package dev.nowait

import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNull
import org.junit.Test
import java.io.File
import kotlin.time.Duration.Companion.seconds

/** Without a start: nothing happens, nothing is loaded, nothing is thrown. */
class OffTest {
    @Test
    fun everythingIsANoOpBeforeAStart() {
        val action = NoWait.action("Pay.Confirm")
        assertEquals("receipt", action.measure { "receipt" })
        action.begin().end()
        NoWait.breadcrumb("biometric.prompt")
        NoWait.screen("Home").ready()
        NoWait
            .journey("Transfer")
            .begin()
            .apply { step("Amount") }
            .end()
        NoWait.route("GET /home").begin().end(200)
        NoWait.consent(Consent.GRANTED)
        assertFalse(NoWait.flush().get().complete)
        assertNull(NoWait.selfReport().get())
        assertFalse(NoWait.shutdown(1.seconds).get().complete)
        assertEquals(Status.Off, NoWait.status)
        assertFalse("the library is not loaded", File("/proc/self/maps").readText().contains("nowait_ffi"))
        assertFalse("JNA is not loaded", File("/proc/self/maps").readText().contains("jnidispatch"))
    }
}
