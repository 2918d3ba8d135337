package dev.nowait

import dev.nowait.internal.Fact
import dev.nowait.internal.Lane
import dev.nowait.internal.Names
import dev.nowait.testing.Replay
import org.junit.Assert.assertEquals
import org.junit.Test

/** The room before the library is loaded holds so many facts, in order, and counts what it refuses. */
class WaitingTest {
    @Test
    fun onlySoManyWaitAndTheRestIsCounted() {
        val lane = Lane()
        val name = Names().of("Home")
        for (id in 1L..300) lane.tell(Fact.REQUEST_STARTED, name, atNs = id, x = id)
        assertEquals(300L - ENGINE_MAX, lane.lost)
        Replay.begin()
        lane.load(processStart = null)
        for (id in 1L..300) lane.tell(Fact.REQUEST_ENDED, small = 200, atNs = 1_000, x = id)
        val tracked = Replay.end().filter { it.kind == "request" }
        assertEquals("the oldest, in order", (1L..tracked.size).toList(), tracked.map { it.startedNs })
        assertEquals(300L - ENGINE_MAX, lane.lost)
    }

    private companion object {
        /** `EARLY_FACTS_MAX` in `core/src/limits.rs`. */
        const val ENGINE_MAX = 256
    }
}
