package dev.nowait.internal

/**
 * What was told before the library was loaded: facts with their own times, in a fixed block of numbers.
 *
 * A full block refuses the newest and counts it. All functions are called under the lock of [Lane].
 */
internal class Waiting {
    private var words = LongArray(FACTS_MAX * WORDS)
    private var names = arrayOfNulls<Name>(FACTS_MAX)
    private var count = 0

    /** How many facts found the block full. */
    var lost: Long = 0
        private set

    fun add(
        fact: Int,
        name: Name?,
        small: Int,
        atNs: Long,
        x: Long,
        y: Long,
    ) {
        if (count == names.size) {
            lost++
            return
        }
        val at = count * WORDS
        words[at] = (small.toLong() shl SMALL_SHIFT) or fact.toLong()
        words[at + 1] = atNs
        words[at + 2] = x
        words[at + 3] = y
        names[count] = name
        count++
    }

    /** Hands every fact on, oldest first, and lets go of the block: nothing waits here any more. */
    fun drain(take: (fact: Int, name: Name?, small: Int, atNs: Long, x: Long, y: Long) -> Unit) {
        for (index in 0 until count) {
            val at = index * WORDS
            val head = words[at]
            take(head.toInt() and FACT_MASK, names[index], (head shr SMALL_SHIFT).toInt(), words[at + 1], words[at + 2], words[at + 3])
        }
        forget()
    }

    /** Lets go of everything, and takes nothing more. */
    fun forget() {
        words = LongArray(0)
        names = arrayOfNulls(0)
        count = 0
    }

    private companion object {
        /** `EARLY_FACTS_MAX` in `core/src/limits.rs`: what waits here is handed to a room of that size. */
        const val FACTS_MAX = 256
        const val WORDS = 4
        const val SMALL_SHIFT = 8
        const val FACT_MASK = 0xff
    }
}
