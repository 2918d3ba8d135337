package dev.nowait.internal

import java.util.concurrent.ConcurrentHashMap

/**
 * A name as the app gave it, and its id in the engine once the library is there.
 *
 * @property isTarget whether it is only of what was tapped: the engine keeps no more of it than a tap may say
 * @property visit the screen of this name that was told of last; see [Visit]
 */
internal class Name(
    val text: String,
    val isTarget: Boolean = false,
) {
    /** The id of the hot lane; 0 until it is first used after the library was loaded. */
    @Volatile
    @JvmField
    var id: Int = 0

    val visit = Visit()
}

/**
 * The names that the app spoke, so that each is registered once. Bounded like the engine's table; what is spoken beyond
 * is registered at each use, and the engine decides and counts.
 */
internal class Names {
    private val byText = ConcurrentHashMap<String, Name>()
    private val targets = ConcurrentHashMap<String, Name>()

    /** The name of this text: the same one for the same text, as long as there is room. None (null in Java) counts as empty. */
    fun of(text: String?): Name = byText[text.orEmpty()] ?: add(byText, Name(text.orEmpty()))

    /** As above, of what was tapped. */
    fun ofTarget(text: String): Name = targets[text] ?: add(targets, Name(text, isTarget = true))

    /** As if no screen had been told of yet: for the next test of a process. */
    fun forgetVisits(): Unit = byText.values.forEach { it.visit.forget() }

    private fun add(
        to: ConcurrentHashMap<String, Name>,
        name: Name,
    ): Name {
        // Two threads at the same moment may add one more, which is no harm.
        if (name.text.length > LENGTH_MAX || to.size >= COUNT_MAX) return name
        return to.putIfAbsent(name.text, name) ?: name
    }

    companion object {
        /** `NAMES_MAX` in `core/src/limits.rs`. */
        const val COUNT_MAX = 1024

        /** `NAME_BYTES_MAX` there: a name with more characters has more bytes, and becomes `redacted`. */
        const val LENGTH_MAX = 120
    }
}
