package dev.nowait.testing

import kotlin.time.Duration

/** How a wait ended; a fake knows of no others. */
public enum class Outcome {
    /** As it should. */
    DONE,

    /** With an error. */
    FAILED,

    /** A limit was over: the app's, or that of its kind. */
    TIMED_OUT,

    /** Nobody waited for the end. */
    ABANDONED,
}

/** What a customer waits for. */
public enum class Kind {
    SCREEN,
    ACTION,
    REQUEST,
    JOURNEY,
    STEP,
}

/** What waits are about: a kind and a name, as the app gave it. */
public data class Touchpoint(
    public val kind: Kind,
    public val name: String,
) {
    public companion object {
        /** The screen of this name. */
        @JvmStatic
        public fun screen(name: String): Touchpoint = Touchpoint(Kind.SCREEN, name)

        /** The action of this name. */
        @JvmStatic
        public fun action(name: String): Touchpoint = Touchpoint(Kind.ACTION, name)

        /** The request of this route. */
        @JvmStatic
        public fun request(route: String): Touchpoint = Touchpoint(Kind.REQUEST, route)

        /** The journey of this name. */
        @JvmStatic
        public fun journey(name: String): Touchpoint = Touchpoint(Kind.JOURNEY, name)

        /** The step of this name, in whichever journey. */
        @JvmStatic
        public fun step(name: String): Touchpoint = Touchpoint(Kind.STEP, name)
    }
}

/** [Touchpoint.screen] */
@JvmSynthetic
public fun screen(name: String): Touchpoint = Touchpoint.screen(name)

/** [Touchpoint.action] */
@JvmSynthetic
public fun action(name: String): Touchpoint = Touchpoint.action(name)

/** [Touchpoint.request] */
@JvmSynthetic
public fun request(route: String): Touchpoint = Touchpoint.request(route)

/** [Touchpoint.journey] */
@JvmSynthetic
public fun journey(name: String): Touchpoint = Touchpoint.journey(name)

/** [Touchpoint.step] */
@JvmSynthetic
public fun step(name: String): Touchpoint = Touchpoint.step(name)

/**
 * A wait that ended, as NoWait would report it.
 *
 * @property began how long after the making of the fake it began
 * @property duration how long it lasted, at most the limit of its kind
 */
public data class Wait(
    public val of: Touchpoint,
    public val outcome: Outcome,
    public val began: Duration,
    public val duration: Duration,
) {
    /** [duration] in milliseconds, for Java. */
    public val durationMs: Long get() = duration.inWholeMilliseconds
}

/**
 * What the customer said.
 *
 * @property name of the journey or touchpoint
 * @property stars 1 to 5
 */
public data class Rating(
    public val name: String,
    public val stars: Int,
)
