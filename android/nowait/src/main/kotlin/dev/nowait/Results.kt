package dev.nowait

/** What [NoWait.start] answers. */
public sealed interface StartResult {
    /** The engine is being brought up; what is told waits for it. */
    public data object Started : StartResult

    /** NoWait was started before; a process starts it once. This call changed nothing. */
    public data object AlreadyStarted : StartResult

    /** Nothing will be measured. */
    public data class Refused(
        public val problem: String,
    ) : StartResult
}

/** What became of a start. */
public sealed interface Status {
    /** Nobody started NoWait. */
    public data object Off : Status

    /** The engine is being brought up. */
    public data object Starting : Status

    /** It measures. */
    public data object Running : Status

    /** The engine did not come up, and nothing is measured. The problem names the setting, and holds no value of it. */
    public data class Failed(
        public val problem: String,
    ) : Status

    /** It was shut down. */
    public data object Stopped : Status
}

/** Whether the customer agreed to be measured. */
public enum class Consent {
    /** Not asked yet: events are kept apart on the device, bounded. */
    PENDING,

    /** Agreed: what was kept apart is delivered, and what comes from now on. */
    GRANTED,

    /** Refused: everything on the device is wiped and nothing more is recorded. */
    REFUSED,
}

/**
 * What a flush achieved.
 *
 * @property complete whether nothing is left on the device
 * @property batchesLeft batches that wait on the device
 */
public data class Flushed(
    public val complete: Boolean,
    public val batchesLeft: Long,
)

/**
 * NoWait's account of this session: produced = delivered + dropped.
 *
 * @property session its id, which every batch carries
 * @property produced events that came of what was told
 * @property dropped events that will never be delivered, by reason
 * @property signalsLost what was told and could not be taken, or watched because too much was under way
 * @property panicsCaught defects of NoWait that it caught
 */
public data class SelfReport(
    public val session: String,
    public val produced: Long,
    public val dropped: Map<String, Long>,
    public val signalsLost: Long,
    public val panicsCaught: Long,
)
