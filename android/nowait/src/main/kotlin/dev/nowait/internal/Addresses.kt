package dev.nowait.internal

import java.util.Collections

/*
 * What may be said of an address: a template that the app gave, or a host.
 *
 * Owns: which paths fit a template, and how many hosts become names; of pages and requests alike. Refuses: queries and fragments, and whatever
 * parts an address: a path comes in its segments, decoded. `core/testdata/paths.txt` has the cases.
 */

/**
 * A template of paths such as `/accounts/{id}`. A segment in braces stands for any one segment, all others for themselves. A segment that is
 * empty, as before a last slash or between two, is none.
 */
internal class PathTemplate(
    text: String,
) {
    private val segments =
        text
            .substringBefore('?')
            .substringBefore('#')
            .split('/')
            .filter(String::isNotEmpty)

    /** What it is called, whichever way it was written. */
    val path: String = "/" + segments.joinToString("/")

    fun fits(asked: List<String>): Boolean {
        val there = asked.filter(String::isNotEmpty)
        return there.size == segments.size && there.indices.all { isOne(segments[it], there[it]) }
    }

    private fun isOne(
        segment: String,
        asked: String,
    ): Boolean = (segment.startsWith('{') && segment.endsWith('}')) || segment == asked
}

/** The hosts that become names: the first ones of a process, so that what a customer's own links lead to does not fill the table of names. */
internal class Hosts {
    private val known: MutableSet<String> = Collections.synchronizedSet(HashSet())

    /** This host, or null for one too many. */
    fun named(host: String): String? {
        if (host in known) return host
        if (known.size >= COUNT_MAX) return null
        // Two threads at once may add one more, which is no harm.
        known += host
        return host
    }

    private companion object {
        /** A bank's app speaks with a handful. */
        const val COUNT_MAX = 16
    }
}
