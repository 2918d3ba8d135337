package dev.nowait.internal

import java.lang.Thread.UncaughtExceptionHandler

/**
 * Tells the engine of an exception that nobody caught, and then hands it on to whoever handled it before: the system, or the
 * app's own crash reporter, which may be installed before this one or after it.
 *
 * What is told is the class of the exception and where in the code it was thrown. Its message is never read: it may say anything.
 */
internal class CrashHandler(
    private val lane: Lane,
    private val names: Names,
) : UncaughtExceptionHandler {
    private var next: UncaughtExceptionHandler? = null

    /** Set while a thread's exception is being handed on. */
    private val isHandingOn = ThreadLocal<Boolean>()

    fun install() {
        next = Thread.getDefaultUncaughtExceptionHandler()
        Thread.setDefaultUncaughtExceptionHandler(this)
    }

    override fun uncaughtException(
        thread: Thread,
        problem: Throwable,
    ) {
        // Whoever was handed it hands it back: both were installed twice, each behind the other.
        if (isHandingOn.get() == true) return
        guarded { tell(problem) }
        isHandingOn.set(true)
        try {
            next?.uncaughtException(thread, problem) ?: print(thread, problem)
        } finally {
            isHandingOn.remove()
        }
    }

    private fun tell(problem: Throwable) {
        val cause = rootOf(problem)
        // Apart, so that nothing here keeps the other from being told.
        guarded {
            val trace = cause.stackTrace
            val frame = trace.firstOrNull { it.isOfTheApp() } ?: trace.firstOrNull()
            if (frame != null) {
                val place = names.of("${frame.className}.${frame.methodName}".takeLast(Names.LENGTH_MAX))
                lane.tell(Fact.BREADCRUMB, place, x = frame.lineNumber.coerceAtLeast(0).toLong())
            }
        }
        lane.tell(Fact.CRASHED, names.of(cause.javaClass.name.takeLast(Names.LENGTH_MAX)))
    }

    /** What was thrown first; causes may be a circle. */
    private fun rootOf(problem: Throwable): Throwable {
        var root = problem
        repeat(CAUSES_MAX) { root = root.cause ?: return root }
        return root
    }

    private fun StackTraceElement.isOfTheApp(): Boolean = Packages.OF_THE_PLATFORM.none(className::startsWith)

    /** What a JVM does where nobody handles it. */
    private fun print(
        thread: Thread,
        problem: Throwable,
    ) {
        System.err.print("Exception in thread \"${thread.name}\" ")
        problem.printStackTrace()
    }

    private companion object {
        /** Nobody wraps an exception more often. */
        const val CAUSES_MAX = 16
    }

    /** Whose code is not the app's. Apart: a start installs the handler, and Kotlin's collections are megabytes that nobody needs by then. */
    private object Packages {
        val OF_THE_PLATFORM =
            listOf("java.", "javax.", "jdk.", "sun.", "kotlin.", "kotlinx.", "android.", "androidx.", "com.android.", "dalvik.", "libcore.")
    }
}
