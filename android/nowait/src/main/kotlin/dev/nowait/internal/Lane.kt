package dev.nowait.internal

/** The facts that the face tells, by number: none carries more than a name, an id, two numbers and a flag. */
internal object Fact {
    const val BREADCRUMB = 1
    const val PROCESS_STARTED = 2
    const val FOREGROUND = 3
    const val BACKGROUND = 4
    const val TOUCH_UP = 5
    const val TOUCH_HANDLED = 6
    const val FRAME = 7
    const val SCREEN_CREATED = 8
    const val SCREEN_SHOWN = 9
    const val SCREEN_READY = 10
    const val SCREEN_LEFT = 11
    const val REQUEST_STARTED = 12
    const val REQUEST_ENDED = 13
    const val ACTION_BEGIN = 14
    const val ACTION_END = 15
    const val JOURNEY_STARTED = 16
    const val STEP_STARTED = 17
    const val JOURNEY_ENDED = 18
    const val MAIN_IDLE = 19
    const val RATED = 20
    const val HANDED_OVER = 21
    const val CRASHED = 22
    const val MAIN_PING = 23
    const val MAIN_PONG = 24
    const val NAVIGATION = 25
}

/**
 * The way of every hot call: into [Waiting] before the library is loaded, then straight to the engine, and nowhere after
 * the end.
 *
 * None throws, none waits for more than the hand-over of at most 256 waiting facts, and once the library is there none
 * makes garbage.
 */
internal class Lane {
    private val waiting = Waiting()

    @Volatile
    private var state = WAITING

    /** Whether the library is there, whatever the state. */
    @Volatile
    private var isLoaded = false

    /** The customer's decision, if it came before the library; under the lock of [waiting]. */
    private var decision: Int? = null

    /** What takes the engine's place in a test. */
    @Volatile
    var standIn: StandIn? = null
        private set

    /** The state to which the lane goes back after a test; under the lock of [waiting]. */
    private var stateBefore = state

    /** How many facts were lost because the library was not there yet. */
    val lost: Long get() = synchronized(waiting) { waiting.lost }

    /**
     * Loads the library, tells it the decision and when the process started, and hands over what waited, in order: also
     * after [close], since it was told before. Takes what loading takes, so it belongs on no main thread.
     */
    fun load(processStart: ProcessStart?) {
        // The first touch of the object loads the library, which may take long: not under the lock.
        Native.nowNs()
        synchronized(waiting) {
            decision?.let(Native::consent)
            isLoaded = true
            if (processStart != null) Native.processStarted(processStart.atNs, processStart.visible)
            waiting.drain { fact, name, small, atNs, x, y -> append(fact, idOf(name), small, atNs, x, y) }
            if (state == WAITING) state = UP
        }
    }

    /** Tells everything to this from now on, or with null to the engine again; false if there is one already. */
    fun replaceWith(standIn: StandIn?): Boolean =
        synchronized(waiting) {
            if (standIn != null && this.standIn != null) return false
            if (standIn != null) stateBefore = state
            if (standIn != null || this.standIn != null) state = if (standIn == null) stateBefore else STOOD_IN
            this.standIn = standIn
            true
        }

    /** From now on nothing is taken but the customer's decision. */
    fun close() {
        synchronized(waiting) { state = OFF }
    }

    /** As [close], and what waits has nowhere to go. */
    fun discard() {
        synchronized(waiting) {
            state = OFF
            waiting.forget()
        }
    }

    /** Whether a decision waits for the library. */
    val hasDecision: Boolean get() = synchronized(waiting) { decision != null && !isLoaded }

    /** Takes the customer's decision, in every state; once the library is there, it survives a kill when this returns. */
    fun consent(decision: Int) {
        if (!isLoaded) {
            synchronized(waiting) {
                if (!isLoaded) {
                    this.decision = decision
                    return
                }
            }
        }
        Native.consent(decision)
    }

    /** Tells a fact; what [small], [x] and [y] are is said in [append]. */
    fun tell(
        fact: Int,
        name: Name? = null,
        small: Int = 0,
        atNs: Long = Native.NOW,
        x: Long = 0,
        y: Long = 0,
    ) {
        when (state) {
            UP -> append(fact, idOf(name), small, atNs, x, y)
            WAITING -> hold(fact, name, small, atNs, x, y)
            STOOD_IN -> standIn?.tell(fact, name, small, atNs, x, y)
        }
    }

    private fun hold(
        fact: Int,
        name: Name?,
        small: Int,
        atNs: Long,
        x: Long,
        y: Long,
    ) {
        val at = if (atNs == Native.NOW) System.nanoTime() else atNs
        synchronized(waiting) {
            when (state) {
                UP -> append(fact, idOf(name), small, at, x, y)
                WAITING -> waiting.add(fact, name, small, at, x, y)
            }
        }
    }

    /** The engine's id of a name, which it gets with its first use. */
    private fun idOf(name: Name?): Int {
        if (name == null) return 0
        val id = name.id
        if (id != 0) return id
        return (if (name.isTarget) Native.registerTarget(name.text) else Native.registerName(name.text)).also { name.id = it }
    }

    private fun append(
        fact: Int,
        name: Int,
        small: Int,
        atNs: Long,
        x: Long,
        y: Long,
    ) {
        when (fact) {
            Fact.BREADCRUMB -> Native.breadcrumb(name, atNs, x)
            Fact.PROCESS_STARTED -> Native.processStarted(atNs, visible = small == 1)
            Fact.FOREGROUND -> Native.foreground(atNs, restored = small == 1)
            Fact.BACKGROUND -> Native.background(atNs)
            Fact.TOUCH_UP -> Native.touchUp(name, atNs)
            Fact.TOUCH_HANDLED -> Native.touchHandled(atNs)
            Fact.FRAME -> Native.frame(startedNs = x, deadlineNs = y, atNs)
            Fact.SCREEN_CREATED -> Native.screenCreated(id = x, name, atNs)
            Fact.SCREEN_SHOWN -> Native.screenShown(id = x, name, atNs)
            Fact.SCREEN_READY -> Native.screenReady(id = x, name, atNs)
            Fact.SCREEN_LEFT -> Native.screenLeft(id = x, atNs)
            Fact.REQUEST_STARTED -> Native.requestStarted(id = x, name, atNs)
            Fact.REQUEST_ENDED -> Native.requestEnded(id = x, atNs, status = small, outcome = y.toInt())
            Fact.ACTION_BEGIN -> Native.actionBegin(id = x, name, atNs)
            Fact.ACTION_END -> Native.actionEnd(id = x, atNs, outcome = small)
            Fact.JOURNEY_STARTED -> Native.journeyStarted(id = x, name, atNs)
            Fact.STEP_STARTED -> Native.stepStarted(id = x, name, atNs)
            Fact.JOURNEY_ENDED -> Native.journeyEnded(id = x, atNs, outcome = small)
            Fact.MAIN_IDLE -> Native.mainIdle(atNs)
            Fact.RATED -> Native.rated(id = x, name, atNs, rating = small)
            Fact.MAIN_PING -> Native.mainPing(atNs)
            Fact.MAIN_PONG -> Native.mainPong(atNs)
            Fact.CRASHED -> Native.crashed(name, atNs)
            Fact.NAVIGATION -> Native.navigation(atNs)
            Fact.HANDED_OVER -> Native.handedOver(id = x, atNs, continuation = y)
        }
    }

    private companion object {
        const val OFF = 0
        const val WAITING = 1
        const val UP = 2
        const val STOOD_IN = 3
    }
}
