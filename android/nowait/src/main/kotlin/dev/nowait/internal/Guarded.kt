package dev.nowait.internal

/** Does what we do inside a call of the framework; no defect of ours, also no `Error`, must become the app's crash. */
internal inline fun guarded(work: () -> Unit) {
    try {
        work()
    } catch (_: Throwable) {
        // One fact is missing; the engine's limits end what it began.
    }
}
