package dev.nowait.internal

/** The raw signals that carry no more than a name, a number or two and a flag, by number. */
internal object Told {
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
}

/**
 * The way of every hot call: straight to the engine when it is up, into [Waiting] before, nowhere when off.
 *
 * None throws, none waits for more than the hand-over of at most 512 waiting signals, and once the engine is up none
 * makes garbage.
 *
 * @param catchUp asks the face's own thread to register new names, and then to call [handOver] until it is true
 */
internal class Lane(
    private val names: Names,
    private val catchUp: () -> Unit,
) {
    private val waiting = Waiting()

    @Volatile
    private var state = OFF

    /** Whether the engine has come up; under the lock of [waiting]. */
    private var isUp = false

    /** How many signals were lost because the engine was not up yet. */
    val lost: Long get() = synchronized(waiting) { waiting.lost }

    /** From now on signals wait for the engine. */
    fun open() {
        state = WAITING
    }

    /** The engine is up: hands it what waited, in order, and is out of the way. False if a name is not known yet. */
    fun handOver(): Boolean =
        synchronized(waiting) {
            if (!waiting.names { it == 0 || names.at(it).id != 0 }) return false
            waiting.drain { signal, name, small, atNs, x, y -> tell(signal, names.at(name).id, small, atNs, x, y) }
            isUp = true
            if (state == WAITING) state = UP
            true
        }

    /** From now on nothing is taken. */
    fun close() {
        state = OFF
    }

    /** Tells a signal; what [small], [x] and [y] are is said in [tell]. */
    fun signal(
        signal: Int,
        name: Name? = null,
        small: Int = 0,
        atNs: Long = Native.NOW,
        x: Long = 0,
        y: Long = 0,
    ) {
        when (state) {
            OFF -> {
                return
            }

            UP -> {
                val id = name?.id ?: 0
                if (name == null || id != 0) tell(signal, id, small, atNs, x, y) else hold(signal, name, small, atNs, x, y)
            }

            else -> {
                hold(signal, name, small, atNs, x, y)
            }
        }
    }

    /** An action begins: what [actionEnd] wants to know of it. 0 when off. */
    fun actionBegin(name: Name): Long {
        val startedNs =
            when (state) {
                OFF -> return 0
                UP -> Native.actionBegin(Native.NOW)
                else -> System.nanoTime().also { hold(Told.ACTION_BEGIN, null, 0, it, 0, 0) }
            }
        return (name.index.toLong() shl UPTIME_BITS) or (startedNs and UPTIME_MASK)
    }

    /** The action that [begun] stands for ends. */
    fun actionEnd(
        begun: Long,
        outcome: Int,
    ) {
        val state = this.state
        if (state == OFF || begun == 0L) return
        val name = names.at((begun ushr UPTIME_BITS).toInt())
        val id = name.id
        val nowNs = System.nanoTime()
        // The clock's upper bits are those of now, or those before the last carry.
        val startedNs = nowNs - ((nowNs - begun) and UPTIME_MASK)
        if (state == UP && id != 0) {
            Native.actionEnd(id, startedNs, nowNs, outcome)
        } else {
            hold(Told.ACTION_END, name, outcome, nowNs, startedNs, 0)
        }
    }

    /** Keeps a signal, and has all that come after it wait behind it: the engine must hear them in order. */
    private fun hold(
        signal: Int,
        name: Name?,
        small: Int,
        atNs: Long,
        x: Long,
        y: Long,
    ) {
        val at = if (atNs == Native.NOW) System.nanoTime() else atNs
        val needsNames =
            synchronized(waiting) {
                waiting.add(signal, name?.index ?: 0, small, at, x, y)
                if (state == UP) state = WAITING
                isUp
            }
        if (needsNames) catchUp()
    }

    private fun tell(
        signal: Int,
        id: Int,
        small: Int,
        atNs: Long,
        x: Long,
        y: Long,
    ) {
        when (signal) {
            Told.BREADCRUMB -> Native.breadcrumb(id, atNs, x)
            Told.PROCESS_STARTED -> Native.processStarted(atNs, visible = small == 1)
            Told.FOREGROUND -> Native.foreground(atNs, restored = small == 1)
            Told.BACKGROUND -> Native.background(atNs)
            Told.TOUCH_UP -> Native.touchUp(id, atNs)
            Told.TOUCH_HANDLED -> Native.touchHandled(atNs)
            Told.FRAME -> Native.frame(startedNs = x, deadlineNs = y, atNs)
            Told.SCREEN_CREATED -> Native.screenCreated(id, atNs)
            Told.SCREEN_SHOWN -> Native.screenShown(id, atNs)
            Told.SCREEN_READY -> Native.screenReady(id, atNs)
            Told.SCREEN_LEFT -> Native.screenLeft(id, atNs)
            Told.REQUEST_STARTED -> Native.requestStarted(x, id, atNs)
            Told.REQUEST_ENDED -> Native.requestEnded(x, atNs, status = small, outcome = y.toInt())
            Told.ACTION_BEGIN -> Native.actionBegin(atNs)
            Told.ACTION_END -> Native.actionEnd(id, startedNs = x, atNs, outcome = small)
            Told.JOURNEY_STARTED -> Native.journeyStarted(x, id, atNs)
            Told.STEP_STARTED -> Native.stepStarted(x, id, atNs)
            Told.JOURNEY_ENDED -> Native.journeyEnded(x, atNs, outcome = small)
        }
    }

    private companion object {
        const val OFF = 0
        const val WAITING = 1
        const val UP = 2

        /** 104 days of uptime; the rest of a word holds a name's index. A longer action is not a wait. */
        const val UPTIME_BITS = 53
        const val UPTIME_MASK = (1L shl UPTIME_BITS) - 1
    }
}
