package dev.nowait.internal

import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.atomic.AtomicInteger
import java.util.concurrent.atomic.AtomicReferenceArray

/**
 * A name as the app gave it, and its id in the engine once it has one.
 *
 * @property index its place in [Names], from 1; travels where an object would be garbage
 */
internal class Name(
    val text: String,
    val index: Int,
) {
    /** The id of the hot lane; 0 until the engine is up and knows the name. */
    @Volatile
    @JvmField
    var id: Int = 0
}

/** Every name of the app, made when it is first spoken, registered when the engine is up. */
internal class Names {
    private val byText = ConcurrentHashMap<String, Name>()
    private val byIndex = AtomicReferenceArray<Name>(INDEX_MAX + 1)
    private val next = AtomicInteger(1)

    /** All names beyond the last place. The engine knows it as `other`. */
    private val other = Name("other", 0).apply { id = OTHER_ID }

    /** The name of this text: the same one for the same text. */
    fun of(text: String): Name = byText[text] ?: add(text)

    private fun add(text: String): Name =
        synchronized(this) {
            byText[text]?.let { return it }
            val index = next.get()
            if (index > INDEX_MAX) return other
            val name = Name(text, index)
            byIndex.set(index, name)
            byText[text] = name
            next.set(index + 1)
            name
        }

    /** The name at this place; the one beyond the last for 0. */
    fun at(index: Int): Name = byIndex.get(index) ?: other

    /** The names that the engine does not know yet. */
    fun unregistered(): List<Name> = (1 until next.get()).map(::at).filter { it.id == 0 }

    companion object {
        /** Twice what the engine keeps (`NAMES_MAX` in `core/src/limits.rs`), so that the engine decides and counts. */
        const val INDEX_MAX: Int = 2047

        /** `NameId::OTHER` in `wire/src/event.rs`. */
        const val OTHER_ID: Int = 1
    }
}
