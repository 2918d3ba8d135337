package bank

/** A moment, as exact as somebody beside NoWait can say it: NoWait took its own time between these two, both by `System.nanoTime()`. */
public class Moment(
    public val notBefore: Long,
    public val notAfter: Long,
) {
    public companion object {
        /** When NoWait is told something in [work]. */
        public inline fun of(work: () -> Unit): Moment {
            val before = System.nanoTime()
            work()
            return Moment(before, System.nanoTime())
        }

        /** For Java. */
        @JvmStatic
        public fun during(work: Runnable): Moment = of(work::run)
    }
}

/**
 * What customers of this app really wait, by its own clock: a line on standard output for each wait, against which the tests hold
 * the report. No app needs this.
 */
public object Truth {
    /** A wait of this [kind], as a report calls it, lasted from one moment to another. */
    @JvmStatic
    public fun tell(
        kind: String,
        name: String,
        from: Moment,
        to: Moment,
    ) {
        println("truth: $kind ${to.notBefore - from.notAfter} ${to.notAfter - from.notBefore} $name")
    }
}
