package dev.nowait.internal.capture

import android.os.Debug
import android.os.Handler
import android.os.Looper
import android.os.SystemClock
import dev.nowait.internal.Fact
import dev.nowait.internal.Lane
import dev.nowait.internal.guarded
import java.util.function.BooleanSupplier
import java.util.function.LongSupplier

/**
 * Asks the main thread for a sign of life while the app is in front, and tells the engine of the questions that it does not answer
 * at once. What of that is a hang, the engine decides.
 *
 * Nothing is told of a main thread that answers, so that a ring of facts does not fill with pings, and nothing is made for a
 * question: both messages come from the framework's pool. In the background nothing happens at all.
 *
 * Refuses silences that say nothing: the device slept, or a debugger is connected. That the whole process was frozen shows in the
 * questions that are missing, which the engine knows.
 *
 * @param there where the questions are asked from: any thread but the main one
 * @param nowNs the uptime clock; of a type that makes no object of what it says
 */
internal class HangWatch(
    private val lane: Lane,
    there: Looper,
    private val nowNs: LongSupplier = LongSupplier(System::nanoTime),
    private val isDebugged: BooleanSupplier = BooleanSupplier(Debug::isDebuggerConnected),
) {
    private val watch = Handler(there)
    private val main = Handler(Looper.getMainLooper())
    private val question = Runnable { guarded { answer() } }
    private val look = Runnable { guarded { look() } }

    /** Written on the main thread alone. */
    @Volatile
    private var isInFront = false

    // Under the lock of this object, which both threads hold for a fact at most.
    private var askedNs = NOTHING
    private var isAnswered = true
    private var isTold = false
    private var sleptMs = 0L

    /** Before this nothing is told: the engine must take what follows for another silence. */
    private var silentUntilNs = 0L

    /** The app is in front; on the main thread. */
    fun start() {
        if (isInFront) return
        isInFront = true
        watch.post(look)
    }

    /** Nothing of it is in front any more; on the main thread. */
    fun stop() {
        isInFront = false
        watch.removeCallbacks(look)
        main.removeCallbacks(question)
        synchronized(this) {
            // The engine ends what is open with the trip to the background.
            isAnswered = true
            isTold = false
            askedNs = NOTHING
        }
    }

    private fun look() {
        synchronized(this) {
            if (!isInFront) return
            val now = nowNs.asLong
            if (isAnswered) ask(now) else silent(now)
        }
        // Once more at most after a stop that came this very moment.
        if (isInFront) watch.postDelayed(look, PERIOD_MS)
    }

    private fun ask(now: Long) {
        askedNs = now
        sleptMs = sleptMs()
        isAnswered = false
        isTold = false
        main.post(question)
    }

    /** No answer yet. */
    private fun silent(now: Long) {
        if (isDebugged.asBoolean || sleptMs() - sleptMs > SLEEP_MS) {
            askedNs = now
            sleptMs = sleptMs()
            isTold = false
            silentUntilNs = now + GAP_NS
        }
        if (now < silentUntilNs) {
            askedNs = now
            return
        }
        if (!isTold) lane.tell(Fact.MAIN_PING, atNs = askedNs)
        isTold = true
        lane.tell(Fact.MAIN_PING, atNs = now)
    }

    private fun answer() {
        synchronized(this) {
            if (isTold) lane.tell(Fact.MAIN_PONG, atNs = nowNs.asLong)
            isTold = false
            isAnswered = true
        }
    }

    /** The clock that runs in sleep against the one that does not. */
    private fun sleptMs(): Long = SystemClock.elapsedRealtime() - SystemClock.uptimeMillis()

    private companion object {
        const val NOTHING = 0L

        /**
         * A hang begins with a question: one of 250 ms is seen if it lasts 350, and told up to so much too short. `PING_GAP_NS_MAX` in
         * `core/src/fold/trackers/limits.rs` wants several in 500 ms.
         */
        const val PERIOD_MS = 100L

        /** More than this constant of the engine is a gap in the questions, behind which another silence begins. */
        const val GAP_NS = 501_000_000L

        /** Two clocks that are read one after the other differ by less. */
        const val SLEEP_MS = 10L
    }
}
