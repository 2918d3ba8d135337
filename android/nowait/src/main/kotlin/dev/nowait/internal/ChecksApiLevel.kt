package dev.nowait.internal

/** Calls what API 24 lacks, behind a check of the level or where only a newer system calls; known to animal-sniffer. */
@Retention(AnnotationRetention.BINARY)
@Target(AnnotationTarget.CLASS, AnnotationTarget.FUNCTION, AnnotationTarget.CONSTRUCTOR)
internal annotation class ChecksApiLevel
