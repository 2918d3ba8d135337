package bank

import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test

/** That [Held] sees what it is there to see. */
class HeldTest {
    private val said = "truth: screen 100000000 101000000 Home\nsomething else\ntruth: screen 300000000 301000000 Home\ntruth: tap 5000000 5000000 -\n"

    private fun faults(
        count: Int = 2,
        meanNs: Long = 200_500_000,
        maxNs: Long = 300_500_000,
        more: String = "",
        taps: Int = 1,
    ): List<String> {
        val home = """{"name": "Home", "ready": {"count": $count, "mean_ns": $meanNs, "max_ns": $maxNs, "p50_ns": null}}"""
        val tap = """{"name": "", "latency": {"count": $taps, "mean_ns": 5000000}}"""
        val others = listOf("requests", "journeys", "steps", "touchpoints").joinToString { "\"$it\": []" }
        return Held(said, """{"screens": [$home$more], "taps": [$tap], $others}""").faults
    }

    @Test
    fun aReportThatSaysWhatWasHasNoFault() {
        assertEquals(emptyList<String>(), faults())
    }

    @Test
    fun everyOtherReportHasOne() {
        val wrong =
            listOf(
                faults(count = 1),
                faults(count = 3),
                faults(meanNs = 199_000_000),
                faults(meanNs = 202_000_000),
                faults(maxNs = 303_000_000),
                faults(more = """, {"name": "Cards", "ready": {"count": 1, "mean_ns": 1}}"""),
                faults(taps = 2),
            )
        for ((number, found) in wrong.withIndex()) assertTrue("the one at $number: $found", found.size == 1)
    }
}
