package dev.nowait.testing

/**
 * One finished fact, to the nanosecond, as the trackers made it.
 *
 * Names are ids of the hot lane, 0 for none. What [a] and [b] mean is in the table at `Kind` in `wire/src/event.rs`.
 *
 * @property kind such as `tap`
 * @property outcome such as `done`
 * @property flags a set of bits: 1 recovered, 2 in a journey
 * @property startedNs when it began, in nanoseconds of the uptime clock
 * @property journey the id of the journey under way, 0 for none
 */
public data class RecordedEvent(
    public val kind: String,
    public val outcome: String,
    public val flags: Int,
    public val name: Int,
    public val screen: Int,
    public val startedNs: Long,
    public val durationNs: Long,
    public val journey: Long,
    public val a: Long,
    public val b: Long,
) {
    internal companion object {
        /** By number; the numbers are those of `nowait_wire::Kind` and `Outcome` and never change. */
        val KINDS: List<String> =
            listOf(
                "",
                "launch",
                "screen",
                "tap",
                "settled",
                "frames",
                "frame_times",
                "hang",
                "request",
                "action",
                "journey",
                "step",
                "rage_tap",
                "breadcrumb",
                "exit",
                "lifecycle",
                "rating",
                "hand_over",
            )
        val OUTCOMES: List<String> =
            listOf("done", "failed", "no_response", "timed_out", "interrupted", "already_animating", "abandoned", "died")

        const val IN_JOURNEY = 2

        /** The event at this place of the replay under way or just ended; none beyond its last. */
        fun at(index: Int): RecordedEvent? {
            fun field(number: Int): Long = Native.replayEvent(index.toLong(), number)
            val kind = field(0).toInt()
            if (kind == 0) return null
            return RecordedEvent(
                kind = KINDS[kind],
                outcome = OUTCOMES[field(1).toInt()],
                flags = field(2).toInt(),
                name = field(3).toInt(),
                screen = field(4).toInt(),
                startedNs = field(5),
                durationNs = field(6),
                journey = field(7),
                a = field(8),
                b = field(9),
            )
        }
    }
}
