package dev.nowait.compose

import androidx.compose.foundation.layout.Box
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.setValue
import androidx.compose.ui.test.ExperimentalTestApi
import androidx.lifecycle.Lifecycle
import dev.nowait.NoWait
import dev.nowait.internal.Face
import dev.nowait.internal.Fact
import dev.nowait.testing.Replay
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test

/** Composables that are screens. */
@OptIn(ExperimentalTestApi::class)
class ScreensTest : ComposedApp() {
    @Test
    fun aScreenIsShownAndReadyWithItsFirstFrame() =
        app({ TrackScreen("Home") }) {
            repeat(3) { frame() }
            val screen = screens("Home").single()
            assertEquals("done", screen.outcome)
            assertTrue("a frame or two: $screen", screen.durationNs in 0..50_000_000)
            assertEquals("Home", inFront())
        }

    @Test
    fun aScreenIsReadyWhenItSaysSo() {
        var accounts by mutableStateOf(0)
        app({ TrackScreen("Accounts", ready = accounts > 0) }) {
            repeat(3) { frame() }
            pass(700)
            assertTrue("it waits for them", screens("Accounts").isEmpty())
            accounts = 3
            repeat(3) { frame() }
            val screen = screens("Accounts").single()
            assertEquals("done", screen.outcome)
            assertTrue("$screen", screen.durationNs >= 700_000_000)
            assertTrue("it was shown before, in microseconds: $screen", screen.a in 1..100_000)
        }
    }

    @Test
    fun whatLeavesTheCompositionIsLeftAndAnotherNameIsAnotherScreen() {
        var name by mutableStateOf("Home")
        var isThere by mutableStateOf(true)
        app({ Box { if (isThere) TrackScreen(name, ready = name != "Slow") } }) {
            repeat(3) { frame() }
            name = "Slow"
            repeat(3) { frame() }
            assertEquals("Slow", inFront())
            pass(300)
            isThere = false
            repeat(3) { frame() }
            assertEquals("abandoned", screens("Slow").single().outcome)
            assertEquals("done", screens("Home").single().outcome)
            assertEquals("", inFront())
        }
    }

    @Test
    fun theTapThatLedThereBeginsTheWait() {
        var isThere by mutableStateOf(false)
        app({ Box { if (isThere) TrackScreen("Transfer") } }) {
            frame()
            val tapped = nowNs()
            Face.lane.tell(Fact.TOUCH_UP, atNs = tapped)
            Face.lane.tell(Fact.TOUCH_HANDLED, atNs = tapped)
            pass(100)
            isThere = true
            frame()
            assertTrue("composed, and not drawn yet", screens("Transfer").isEmpty())
            repeat(2) { frame() }
            val screen = screens("Transfer").single()
            assertEquals(tapped, screen.startedNs)
            assertTrue("$screen", screen.durationNs in 100_000_000..150_000_000)
        }
    }

    @Test
    fun aScreenIsInFrontAgainWithWhatItIsIn() =
        app({ TrackScreen("Home") }) {
            repeat(3) { frame() }
            owner.lifecycle.currentState = Lifecycle.State.STARTED
            val other = Face.names.of("OtherActivity")
            Face.lane.tell(Fact.SCREEN_CREATED, other, atNs = nowNs(), x = other.visit.created())
            Face.lane.tell(Fact.SCREEN_SHOWN, other, atNs = nowNs(), x = other.visit.current())
            assertEquals("OtherActivity", inFront())
            owner.lifecycle.currentState = Lifecycle.State.RESUMED
            assertEquals("Home", inFront())
            assertEquals("a return is no creation", 1, screens("Home").size)
        }

    @Test
    fun theAppMaySayReadyByTheName() =
        app({ TrackScreen("Cards", ready = false) }) {
            repeat(3) { frame() }
            // The public word is of the clock of the library, which is ahead of a test's.
            val cards = Face.names.of("Cards")
            assertEquals("Cards", NoWait.screen("Cards").name.text)
            Face.lane.tell(Fact.SCREEN_READY, cards, atNs = nowNs(), x = cards.visit.current())
            assertEquals("done", screens("Cards").single().outcome)
            Replay.tick(nowNs())
        }
}
