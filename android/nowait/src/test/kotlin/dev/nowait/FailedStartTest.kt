package dev.nowait

import dev.nowait.internal.Face
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test

/** A start that cannot succeed says why, once, and leaves a face that does nothing. */
class FailedStartTest {
    @Test
    fun aWrongSettingIsNamedAndNothingElseHappens() {
        val platform = JvmPlatform()
        assertEquals(StartResult.Started, Face.start(platform, "telemetry without a scheme", "key", Settings()))
        NoWait.breadcrumb("early")
        await("failed") { NoWait.status is Status.Failed }
        val problem = (NoWait.status as Status.Failed).problem
        assertTrue(problem, "endpoint" in problem)
        assertTrue("no value is repeated", "telemetry without" !in problem)
        await("warned") { platform.warning == problem }
        NoWait.action("Pay.Confirm").measure { }
        assertEquals(StartResult.AlreadyStarted, Face.start(platform, "https://telemetry.bank.example", "key", Settings()))
    }
}
