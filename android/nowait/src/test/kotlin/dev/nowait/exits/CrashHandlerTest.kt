package dev.nowait.exits

import dev.nowait.internal.CrashHandler
import dev.nowait.internal.Lane
import dev.nowait.internal.Names
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import java.lang.Thread.UncaughtExceptionHandler

/** The handler in a chain with others. What it tells comes out in [ExitsTest]. */
class CrashHandlerTest {
    private val before = Thread.getDefaultUncaughtExceptionHandler()
    private val handled = mutableListOf<String>()

    /** A crash reporter of the app's: it hands on to whoever was there when it was installed. */
    private inner class Reporter(
        private val name: String,
    ) : UncaughtExceptionHandler {
        private var next: UncaughtExceptionHandler? = null

        fun install() =
            apply {
                next = Thread.getDefaultUncaughtExceptionHandler()
                Thread.setDefaultUncaughtExceptionHandler(this)
            }

        override fun uncaughtException(
            thread: Thread,
            problem: Throwable,
        ) {
            handled += "$name: ${thread.name} ${problem.message}"
            next?.uncaughtException(thread, problem)
        }
    }

    @After
    fun putBack() = Thread.setDefaultUncaughtExceptionHandler(before)

    private fun handler() = CrashHandler(Lane(), Names())

    private fun crash(problem: Throwable = IllegalStateException("once")) {
        Thread({ throw problem }, "teller").apply {
            start()
            join()
        }
    }

    @Test
    fun whoeverWasThereBeforeGetsIt() {
        Thread.setDefaultUncaughtExceptionHandler(null)
        Reporter("before").install()
        handler().install()
        crash()
        assertEquals(listOf("before: teller once"), handled)
    }

    @Test
    fun whoeverComesLaterHandsItThrough() {
        Thread.setDefaultUncaughtExceptionHandler(null)
        Reporter("before").install()
        handler().install()
        Reporter("after").install()
        crash()
        assertEquals(listOf("after: teller once", "before: teller once"), handled)
    }

    @Test
    fun whereEachIsBehindTheOtherItEnds() {
        Thread.setDefaultUncaughtExceptionHandler(null)
        val reporter = Reporter("circle").install()
        handler().install()
        reporter.install()
        crash()
        crash(IllegalStateException("again"))
        assertEquals(
            listOf("once", "once", "again", "again").map { "circle: teller $it" },
            handled,
        )
    }

    @Test
    fun nothingOfTheExceptionThrowsAndItIsHandedOnAsItIs() {
        Thread.setDefaultUncaughtExceptionHandler(null)
        var got: Throwable? = null
        Thread.setDefaultUncaughtExceptionHandler { _, problem -> got = problem }
        handler().install()
        val hostile =
            object : RuntimeException() {
                override val cause: Throwable get() = error("a bug of the app")

                override fun getStackTrace(): Array<StackTraceElement> = error("another one")
            }
        crash(hostile)
        assertTrue(got === hostile)
    }
}
