package dev.nowait.testing

import dev.nowait.NoWait
import dev.nowait.Request
import dev.nowait.Span
import dev.nowait.Travel
import dev.nowait.internal.Face
import dev.nowait.internal.Fact
import dev.nowait.internal.Lane
import dev.nowait.internal.Name
import dev.nowait.internal.Native
import dev.nowait.internal.StandIn
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import kotlin.random.Random
import kotlin.time.Duration.Companion.nanoseconds
import kotlin.time.Duration.Companion.seconds

/** What keeps the fake true: the same calls, told to it and to the trackers of the real library at the same moments, give the same waits. */
class TruthTest {
    @Test
    fun theSameCallsGiveTheSameWaits() {
        val outcomes = HashSet<Pair<Kind, Outcome>>()
        var waits = 0
        for (seed in 0 until SEEDS) {
            val (fake, engine) = Day(Random(seed)).run()
            assertEquals("seed $seed", engine.joinToString("\n"), fake.joinToString("\n"))
            fake.mapTo(outcomes) { it.of.kind to it.outcome }
            waits += fake.size
        }
        // A screen says no failure.
        val expected = Kind.entries.flatMap { kind -> Outcome.entries.map { kind to it } } - (Kind.SCREEN to Outcome.FAILED)
        assertTrue("every ending came: ${expected - outcomes}", outcomes.containsAll(expected))
        println("$waits waits of $SEEDS days are those of the engine")
    }

    /** Tells the fake and the engine the same. */
    private class Both(
        private val fake: StandIn,
        private val nowNs: () -> Long,
    ) : StandIn by fake {
        val engine = Lane().apply { load(processStart = null) }

        override fun tell(
            fact: Int,
            name: Name?,
            small: Int,
            atNs: Long,
            x: Long,
            y: Long,
        ) {
            fake.tell(fact, name, small, atNs, x, y)
            engine.tell(fact, name, small, if (atNs == Native.NOW) nowNs() else atNs, x, y)
        }
    }

    /** An app that does anything. */
    private class Day(
        private val random: Random,
    ) {
        private val nowait = FakeNoWait()
        private val originNs = nowait.nowNs
        private val both = Both(Face.lane.standIn!!) { nowait.nowNs }
        private val names = listOf("One", "Two", "Three")
        private val screens = names.map { NoWait.screen("$it.Screen") }
        private val spans = ArrayList<Span>()
        private val requests = ArrayList<Request>()
        private val travels = ArrayList<Travel>()

        fun run(): Pair<List<Wait>, List<Wait>> {
            Face.replaceWith(null)
            Face.replaceWith(both)
            Replay.begin()
            try {
                launch()
                repeat(CALLS) { call() }
                pass(7_200_000_000_000)
                val told = Replay.end().mapNotNull(::wait)
                return nowait.waits.sorted() to told.sorted()
            } finally {
                nowait.close()
            }
        }

        /** To the engine alone: the launch is over, so that screens are no part of it. */
        private fun launch() {
            val start = Face.names.of("Start")
            both.engine.tell(Fact.FOREGROUND, atNs = nowait.nowNs)
            both.engine.tell(Fact.SCREEN_CREATED, start, atNs = nowait.nowNs, x = START)
            pass(1)
            both.engine.tell(Fact.FRAME, atNs = nowait.nowNs, x = nowait.nowNs, y = nowait.nowNs)
            both.engine.tell(Fact.SCREEN_LEFT, atNs = nowait.nowNs, x = START)
        }

        private fun pass(ns: Long) {
            nowait.pass(ns.nanoseconds)
            Replay.tick(nowait.nowNs)
        }

        private fun call() {
            // Two facts of one moment are one that was told twice; no clock shows that.
            pass(1 + if (random.nextInt(20) == 0) random.nextLong(LONG_NS.random(random)) else random.nextLong(1_000_000_000))
            val name = names.random(random)
            when (random.nextInt(10)) {
                0 -> spans += NoWait.action(name).begin()
                1 -> requests += NoWait.route(name).begin(if (random.nextBoolean()) nowait.nowNs - random.nextLong(1_000) else Native.NOW)
                2 -> travels += NoWait.journey(name).begin()
                3 -> spans.randomOrNull(random)?.let { listOf(Span::end, Span::fail, Span::abandon).random(random)(it) }
                4 -> requests.randomOrNull(random)?.let(::end)
                5 -> travels.randomOrNull(random)?.step("$name.Step")
                6 -> travels.randomOrNull(random)?.let { listOf(Travel::end, Travel::fail, Travel::abandon).random(random)(it) }
                else -> with(screens.random(random)) { listOf(::created, ::shown, ::ready, ::left).random(random)() }
            }
        }

        private fun end(request: Request) {
            when (random.nextInt(5)) {
                0 -> request.end(200)
                1 -> request.end(404)
                2 -> request.fail()
                3 -> request.timeOut()
                else -> request.abandon()
            }
        }

        /** A wait of the engine's as the fake would say it; null for what the fake does not know. */
        private fun wait(event: RecordedEvent): Wait? {
            val kind = Kind.entries.find { it.name.lowercase() == event.kind } ?: return null
            val name = NAMES.getOrPut(event.name) { textOf(event.name) }
            if (name == "Start") return null
            val outcome = Outcome.entries.find { it.name.lowercase() == event.outcome }
            return Wait(Touchpoint(kind, name), outcome!!, (event.startedNs - originNs).nanoseconds, event.durationNs.nanoseconds)
        }

        private fun textOf(id: Int): String =
            (names + names.map { "$it.Screen" } + names.map { "$it.Step" } + "Start").single { Native.registerName(it) == id }

        private fun List<Wait>.sorted() = sortedWith(compareBy({ it.began }, { it.duration }, { it.toString() }))
    }

    private companion object {
        const val SEEDS = 300
        const val CALLS = 400

        /** An id that no counter gives. */
        const val START = Long.MAX_VALUE
        val LONG_NS = listOf(31.seconds, 61.seconds, 1_801.seconds).map { it.inWholeNanoseconds }
        val NAMES = HashMap<Int, String>()
    }
}
