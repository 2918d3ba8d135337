package dev.nowait.internal

import java.util.concurrent.atomic.AtomicLong

/**
 * The instance that the words of a `Screen` are about: the one of this name that was created or came back last.
 *
 * A word before the creation begins the instance, and one after it was left is still about it, so that the engine can tell
 * that it comes too late. Two threads at once about one screen may begin two; the engine's limits end what nobody ends.
 */
internal class Visit {
    /** Twice the id, and one if its creation was told; 0 for none. */
    private val current = AtomicLong()

    /** The instance that begins to exist. */
    fun created(): Long {
        hasSeenAny = true
        val word = current.get()
        val id = if (word != 0L && word and CREATED == 0L) word shr 1 else Face.nextId()
        current.set(id shl 1 or CREATED)
        return id
    }

    /** The instance that is there, was there last, or comes. */
    fun current(): Long {
        val word = current.get()
        if (word != 0L) return word shr 1
        hasSeenAny = true
        return Face.nextId().also { current.set(it shl 1) }
    }

    /** Nothing was told of any instance yet. */
    fun forget(): Unit = current.set(0)

    /** This instance came to the front again, perhaps from under a later one. */
    fun cameBack(id: Long): Unit = current.set(id shl 1 or CREATED)

    /** This instance is gone, and an earlier one is what the customer comes back to. */
    fun backTo(
        earlier: Long,
        gone: Long,
    ) {
        current.compareAndSet(gone shl 1 or CREATED, earlier shl 1 or CREATED)
    }

    companion object {
        private const val CREATED = 1L

        /** Whether any screen was told of in this process. */
        @Volatile
        var hasSeenAny = false
            private set
    }
}
