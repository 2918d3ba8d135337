package dev.nowait.testing

import kotlin.time.Duration.Companion.nanoseconds
import kotlin.time.Duration.Companion.seconds

/**
 * What becomes of what an app tells: when a wait begins and ends, and how.
 *
 * Owns: the rules of the engine's trackers (`core/src/fold/trackers/`) for an app in front whose taps and frames nobody captures: screens,
 * actions, requests, journeys and steps. `TruthTest` holds them against the engine. Refuses: names (they are what the app gave), taps, frames,
 * launches and the background. Every time is an argument, in nanoseconds.
 */
internal class Rules(
    private val originNs: Long,
) {
    private class Begun(
        val name: String,
        val atNs: Long,
    )

    /** When a screen was shown and called itself ready, each the first time. */
    private class Seen(
        var shownNs: Long? = null,
        var readyNs: Long? = null,
    )

    private class Screen(
        val begun: Begun,
        val seen: Seen,
    )

    private class Journey(
        val begun: Begun,
        var step: Begun? = null,
    )

    private val actions = LinkedHashMap<Long, Begun>()
    private val requests = LinkedHashMap<Long, Begun>()
    private val screens = LinkedHashMap<Long, Screen>()
    private val earlyScreens = LinkedHashMap<Long, Seen>()
    private val leftScreens = LinkedHashSet<Long>()
    private val journeys = LinkedHashMap<Long, Journey>()
    val waits = ArrayList<Wait>()

    /** What began and has not ended, the oldest of each kind first. */
    val open: List<Touchpoint>
        get() =
            screens.values.map { Touchpoint.screen(it.begun.name) } +
                actions.values.map { Touchpoint.action(it.name) } +
                requests.values.map { Touchpoint.request(it.name) } +
                journeys.values.flatMap {
                    listOfNotNull(
                        Touchpoint.journey(it.begun.name),
                        it.step?.let { step ->
                            Touchpoint.step(step.name)
                        },
                    )
                }

    /** Lets time pass up to this moment: every limit that ended before it is over, in the order of time. */
    fun pass(nowNs: Long) {
        val over = ArrayList<Pair<Long, () -> Unit>>()
        for ((id, action) in actions) over.addDue(action.atNs + ACTION_NS, nowNs) { actionEnded(it, id, Outcome.TIMED_OUT) }
        for ((id, request) in requests) over.addDue(request.atNs + REQUEST_NS, nowNs) { requestEnded(it, id, Outcome.TIMED_OUT) }
        for ((id, screen) in screens) {
            over.addDue(
                screen.begun.atNs + SCREEN_NS,
                nowNs,
            ) { close(screens.remove(id)!!, it, Outcome.TIMED_OUT) }
        }
        for ((id, journey) in journeys) over.addDue(journey.begun.atNs + JOURNEY_NS, nowNs) { journeyEnded(it, id, Outcome.TIMED_OUT) }
        over.sortBy { it.first }
        for ((_, end) in over) end()
    }

    private fun MutableList<Pair<Long, () -> Unit>>.addDue(
        dueNs: Long,
        nowNs: Long,
        end: (Long) -> Unit,
    ) {
        if (dueNs < nowNs) add(dueNs to { end(dueNs) })
    }

    fun actionStarted(
        atNs: Long,
        id: Long,
        name: String,
    ) {
        if (actions.size < ACTIONS_MAX) actions.putIfAbsent(id, Begun(name, atNs))
    }

    fun actionEnded(
        atNs: Long,
        id: Long,
        outcome: Outcome,
    ) {
        actions.remove(id)?.let { close(Kind.ACTION, it, ACTION_NS, atNs, outcome) }
    }

    fun requestStarted(
        atNs: Long,
        id: Long,
        route: String,
    ) {
        if (requests.size < REQUESTS_MAX) requests.putIfAbsent(id, Begun(route, atNs))
    }

    fun requestEnded(
        atNs: Long,
        id: Long,
        outcome: Outcome,
    ) {
        requests.remove(id)?.let { close(Kind.REQUEST, it, REQUEST_NS, atNs, outcome) }
    }

    fun screenCreated(
        atNs: Long,
        id: Long,
        name: String,
    ) {
        if (id in leftScreens || id in screens) return
        val screen = Screen(Begun(name, atNs), earlyScreens.remove(id) ?: Seen())
        if (screens.size < SCREENS_MAX) screens[id] = screen
        finish(id)
    }

    fun screenShown(
        atNs: Long,
        id: Long,
    ) = note(id) { if (shownNs == null) shownNs = atNs }

    fun screenReady(
        atNs: Long,
        id: Long,
    ) = note(id) { if (readyNs == null) readyNs = atNs }

    /** Notes something of a screen that is waited for, or may still be created. */
    private fun note(
        id: Long,
        what: Seen.() -> Unit,
    ) {
        if (id in leftScreens) return
        val pending = screens[id]
        if (pending != null) {
            pending.seen.what()
            finish(id)
            return
        }
        val early = earlyScreens.remove(id) ?: Seen()
        if (earlyScreens.size >= EARLY_SCREENS_MAX) earlyScreens.remove(earlyScreens.keys.first())
        earlyScreens[id] = early.apply(what)
    }

    private fun finish(id: Long) {
        val screen = screens[id] ?: return
        if (screen.seen.shownNs == null || screen.seen.readyNs == null) return
        screens.remove(id)
        close(screen, Long.MAX_VALUE, Outcome.DONE)
    }

    fun screenLeft(
        atNs: Long,
        id: Long,
    ) {
        leftScreens += id
        if (leftScreens.size > LEFT_SCREENS_MAX) leftScreens.remove(leftScreens.first())
        screens.remove(id)?.let { close(it, atNs, Outcome.ABANDONED) }
    }

    /** One that was ready before is done, whatever ends it. */
    private fun close(
        screen: Screen,
        atNs: Long,
        outcome: Outcome,
    ) {
        val readyNs = screen.seen.readyNs
        if (readyNs == null) return close(Kind.SCREEN, screen.begun, SCREEN_NS, atNs, outcome)
        close(Kind.SCREEN, screen.begun, SCREEN_NS, maxOf(readyNs, screen.seen.shownNs ?: readyNs), Outcome.DONE)
    }

    fun journeyStarted(
        atNs: Long,
        id: Long,
        name: String,
    ) {
        if (journeys.size < JOURNEYS_MAX) journeys.putIfAbsent(id, Journey(Begun(name, atNs)))
    }

    /** Begins a step; the one before is done. */
    fun stepStarted(
        atNs: Long,
        id: Long,
        name: String,
    ) {
        val journey = journeys[id] ?: return
        journey.step?.let { close(Kind.STEP, it, JOURNEY_NS, atNs, Outcome.DONE) }
        journey.step = Begun(name, atNs)
    }

    /** The last step shares the fate of its journey. */
    fun journeyEnded(
        atNs: Long,
        id: Long,
        outcome: Outcome,
    ) {
        val journey = journeys.remove(id) ?: return
        val fate = if (atNs - journey.begun.atNs > JOURNEY_NS) Outcome.TIMED_OUT else outcome
        journey.step?.let { close(Kind.STEP, it, JOURNEY_NS, atNs, fate) }
        close(Kind.JOURNEY, journey.begun, JOURNEY_NS, atNs, fate)
    }

    /** An end after the limit is the limit. */
    private fun close(
        kind: Kind,
        begun: Begun,
        limitNs: Long,
        endedNs: Long,
        outcome: Outcome,
    ) {
        val lastedNs = (endedNs - begun.atNs).coerceAtLeast(0)
        waits +=
            Wait(
                Touchpoint(kind, begun.name),
                if (lastedNs > limitNs) Outcome.TIMED_OUT else outcome,
                (begun.atNs - originNs).nanoseconds,
                lastedNs.coerceAtMost(limitNs).nanoseconds,
            )
    }

    /** All as in `core/src/fold/trackers/limits.rs`, where their reasons are. */
    private companion object {
        val ACTION_NS = 60.seconds.inWholeNanoseconds
        val REQUEST_NS = 60.seconds.inWholeNanoseconds
        val SCREEN_NS = 30.seconds.inWholeNanoseconds
        val JOURNEY_NS = 1_800.seconds.inWholeNanoseconds
        const val ACTIONS_MAX = 32
        const val REQUESTS_MAX = 64
        const val SCREENS_MAX = 8
        const val JOURNEYS_MAX = 4
        const val EARLY_SCREENS_MAX = 4
        const val LEFT_SCREENS_MAX = 16
    }
}
