package dev.nowait.testing

import dev.nowait.NoWait
import org.junit.Assert.assertEquals
import org.junit.Test
import kotlin.time.Duration.Companion.seconds

/** What the guide shows of the fake stands between the marks; SnippetTest of the face compares them. */
class SnippetsTest {
    private class Presenter {
        private val home = NoWait.screen("Home")

        fun open() {
            home.created()
            home.shown()
        }

        fun load() = home.ready()
    }

    private val presenter = Presenter()

    @Test
    fun theHomeScreenIsReadyWhenItIsLoaded() {
        // snippet begins
        FakeNoWait().use { nowait ->
            presenter.open()
            nowait.pass(2.seconds)
            presenter.load()
            assertEquals(Outcome.DONE, nowait.waits(screen("Home")).single().outcome)
            nowait.checkNothingIsOpen() // no span that an exception jumped over
        }
        // snippet ends
    }
}
