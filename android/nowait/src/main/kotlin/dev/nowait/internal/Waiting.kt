package dev.nowait.internal

/**
 * What was told before the engine could take it: raw signals with their own times, in a fixed block of numbers.
 *
 * A full block refuses the newest and counts it. All functions are called under the lock of [Lane].
 */
internal class Waiting {
    private val words = LongArray(SIGNALS_MAX * WORDS)
    private var count = 0

    /** How many signals found the block full. */
    var lost: Long = 0
        private set

    fun add(
        signal: Int,
        name: Int,
        small: Int,
        atNs: Long,
        x: Long,
        y: Long,
    ) {
        if (count == SIGNALS_MAX) {
            lost++
            return
        }
        val at = count * WORDS
        words[at] = (name.toLong() shl NAME_SHIFT) or (small.toLong() shl SMALL_SHIFT) or signal.toLong()
        words[at + 1] = atNs
        words[at + 2] = x
        words[at + 3] = y
        count++
    }

    /** Whether [known] holds for the names of all signals; 0 stands for none. */
    fun names(known: (Int) -> Boolean): Boolean = (0 until count).all { known((words[it * WORDS] shr NAME_SHIFT).toInt()) }

    /** Hands every signal on, oldest first, and forgets them. */
    fun drain(take: (signal: Int, name: Int, small: Int, atNs: Long, x: Long, y: Long) -> Unit) {
        for (at in 0 until count * WORDS step WORDS) {
            val head = words[at]
            val small = (head shr SMALL_SHIFT).toInt() and SMALL_MASK
            take(head.toInt() and SIGNAL_MASK, (head shr NAME_SHIFT).toInt(), small, words[at + 1], words[at + 2], words[at + 3])
        }
        count = 0
    }

    private companion object {
        /** A slow start of two seconds at 120 frames a second, twice; 16 KiB. */
        const val SIGNALS_MAX = 512
        const val WORDS = 4
        const val SMALL_SHIFT = 8
        const val NAME_SHIFT = 32
        const val SIGNAL_MASK = 0xff

        /** An HTTP status, an outcome or a flag. */
        const val SMALL_MASK = 0xffff
    }
}
