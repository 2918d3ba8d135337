package dev.nowait.testing

import dev.nowait.Consent
import dev.nowait.NoWait
import dev.nowait.Status
import dev.nowait.internal.Face
import dev.nowait.internal.Fact
import dev.nowait.internal.Name
import dev.nowait.internal.Native
import dev.nowait.internal.StandIn
import kotlin.time.Duration
import kotlin.time.Duration.Companion.days
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.nanoseconds
import dev.nowait.Outcome as OutcomeNumber

/**
 * Takes NoWait's place in a test, from its making to [close]: what the app tells becomes waits at once, in memory, by the rules of the engine.
 * It needs no native library, no Android and no network, and nothing leaves it.
 *
 * ```kotlin
 * FakeNoWait().use { nowait ->
 *     home.open()
 *     nowait.pass(2.seconds)
 *     home.load()
 *     assertEquals(Outcome.DONE, nowait.waits(screen("Home")).single().outcome)
 *     nowait.checkNothingIsOpen()
 * }
 * ```
 *
 * Time stands still but for [pass]. The app is in front; what NoWait captures by itself (Activities, launches, taps, frames) is not there,
 * and names are what the app gave, where NoWait would call one `redacted` that looks personal. One at a time in a process; any thread.
 *
 * @throws IllegalStateException if another one is there, or NoWait itself runs
 */
public class FakeNoWait : AutoCloseable {
    private val lock = Any()
    private val originNs = System.nanoTime()

    /** What this clock shows. */
    internal var nowNs = originNs
        private set
    private var rules = Rules(originNs)
    private val told = mutableListOf<String>()
    private val rated = mutableListOf<Rating>()
    private var handedOver = 0
    private var decision: Consent? = null
    private var askedNs: Long? = null
    private var hasStarted = false
    private var isShutDown = false

    init {
        check(Face.replaceWith(Place())) { "another FakeNoWait is there, which is to be closed first, or NoWait itself runs" }
    }

    /** The waits that ended so far, in the order in which they did. */
    public val waits: List<Wait> get() = synchronized(lock) { rules.waits.toList() }

    /** Those of this touchpoint, such as `waits(screen("Home"))`. */
    public fun waits(of: Touchpoint): List<Wait> = waits.filter { it.of == of }

    /** What the customer still waits for: begun, and not ended by the app nor by a limit. */
    public val open: List<Touchpoint> get() = synchronized(lock) { rules.open }

    /** Breadcrumbs, oldest first. */
    public val breadcrumbs: List<String> get() = synchronized(lock) { told.toList() }

    /** What the customer said, oldest first. */
    public val ratings: List<Rating> get() = synchronized(lock) { rated.toList() }

    /** How often a journey was handed over. */
    public val handOvers: Int get() = synchronized(lock) { handedOver }

    /** The app's last word on the customer's decision; null for none. After a refusal nothing is kept and nothing taken. */
    public val consent: Consent? get() = synchronized(lock) { decision }

    /** Whether the app called [NoWait.start], which does nothing here but answer that it began. */
    public val isStarted: Boolean get() = synchronized(lock) { hasStarted }

    /** Lets time pass: limits that end in it are over. */
    public fun pass(time: Duration) {
        synchronized(lock) {
            nowNs += time.inWholeNanoseconds.coerceAtLeast(0)
            rules.pass(nowNs)
        }
    }

    /** As above, for Java. */
    public fun passMs(timeMs: Long): Unit = pass(timeMs.milliseconds)

    /**
     * Fails if the app began what it did not end: a span that an exception jumped over, a screen that never calls itself ready.
     *
     * @throws IllegalStateException that names it
     */
    public fun checkNothingIsOpen() {
        val open = open
        check(open.isEmpty()) { "still waited for: ${open.joinToString { "${it.kind.name.lowercase()} ${it.name}" }}" }
    }

    /** Gives NoWait its place back. */
    override fun close() {
        Face.replaceWith(null)
    }

    private inner class Place : StandIn {
        override val status: Status
            get() =
                synchronized(lock) {
                    when {
                        isShutDown -> Status.Stopped
                        hasStarted -> Status.Running
                        else -> Status.Off
                    }
                }

        override fun start(): Boolean = synchronized(lock) { !hasStarted.also { hasStarted = true } }

        override fun shutdown() = synchronized(lock) { isShutDown = true }

        override fun consent(consent: Consent) {
            synchronized(lock) {
                decision = consent
                if (consent != Consent.REFUSED) return
                rules = Rules(originNs)
                told.clear()
                rated.clear()
                handedOver = 0
            }
        }

        override fun handOver(): String =
            synchronized(lock) {
                handedOver++
                val digits = handedOver.toString().padStart(CODE_DIGITS, '0')
                digits.chunked(CODE_DIGITS / CODE_GROUPS).joinToString("-")
            }

        override fun mayAsk(everyDays: Int): Boolean =
            synchronized(lock) {
                val isSoon = askedNs?.let { (nowNs - it).nanoseconds < everyDays.days } ?: false
                (decision == Consent.GRANTED && !isSoon).also { if (it) askedNs = nowNs }
            }

        override fun tell(
            fact: Int,
            name: Name?,
            small: Int,
            atNs: Long,
            x: Long,
            y: Long,
        ) {
            synchronized(lock) {
                if (isShutDown || decision == Consent.REFUSED) return
                // A time that lies ahead is now, as in the engine.
                val at = if (atNs == Native.NOW || atNs > nowNs) nowNs else atNs
                rules.pass(at)
                take(fact, name?.text.orEmpty(), small, at, x, y)
            }
        }
    }

    private fun take(
        fact: Int,
        name: String,
        small: Int,
        atNs: Long,
        x: Long,
        y: Long,
    ) {
        when (fact) {
            Fact.BREADCRUMB -> told += name
            Fact.RATED -> rated += Rating(name, small)
            Fact.SCREEN_CREATED -> rules.screenCreated(atNs, x, name)
            Fact.SCREEN_SHOWN -> rules.screenShown(atNs, x)
            Fact.SCREEN_READY -> rules.screenReady(atNs, x)
            Fact.SCREEN_LEFT -> rules.screenLeft(atNs, x)
            Fact.ACTION_BEGIN -> rules.actionStarted(atNs, x, name)
            Fact.ACTION_END -> rules.actionEnded(atNs, x, outcomeOf(small))
            Fact.REQUEST_STARTED -> rules.requestStarted(atNs, x, name)
            Fact.REQUEST_ENDED -> rules.requestEnded(atNs, x, outcomeOf(y.toInt()))
            Fact.JOURNEY_STARTED -> rules.journeyStarted(atNs, x, name)
            Fact.STEP_STARTED -> rules.stepStarted(atNs, x, name)
            Fact.JOURNEY_ENDED -> rules.journeyEnded(atNs, x, outcomeOf(small))
        }
    }

    private fun outcomeOf(number: Int): Outcome =
        when (number) {
            OutcomeNumber.DONE -> Outcome.DONE
            OutcomeNumber.TIMED_OUT -> Outcome.TIMED_OUT
            OutcomeNumber.ABANDONED -> Outcome.ABANDONED
            else -> Outcome.FAILED
        }

    private companion object {
        /** As the engine's ids are written. */
        const val CODE_DIGITS = 15
        const val CODE_GROUPS = 3
    }
}
