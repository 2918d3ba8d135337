package dev.nowait.exits

import dev.nowait.Consent
import dev.nowait.JvmPlatform
import dev.nowait.NoWait
import dev.nowait.Settings
import dev.nowait.StartResult
import dev.nowait.Status
import dev.nowait.await
import dev.nowait.internal.Face
import dev.nowait.internal.Fact
import dev.nowait.internal.ProcessStart
import java.util.concurrent.TimeUnit

/** A process of the app, with the app in front, that ends while the customer waits for a transfer. */
internal object DyingProgram {
    /** Arguments: NoWait's folder, and how to end: `crash` or `halt`. */
    @JvmStatic
    fun main(args: Array<String>) {
        val (folder, how) = args
        val platform = JvmPlatform(folder, ProcessStart(System.nanoTime(), visible = true))
        val settings = Settings().apply { consent = Consent.GRANTED }
        check(Face.start(platform, "http://127.0.0.1:9", "key", settings) == StartResult.Started)
        Face.lane.tell(Fact.FOREGROUND, small = 0)
        await("running") { NoWait.status == Status.Running }
        NoWait.screen("Transfer").created()
        NoWait.action("Transfer.Submit").begin()
        if (how == "halt") Runtime.getRuntime().halt(1)
        Thread({ submit() }, "teller").start()
    }

    private fun submit() {
        try {
            sign()
        } catch (problem: IllegalStateException) {
            throw java.util.concurrent.ExecutionException(problem)
        }
    }

    private fun sign(): Unit = error("card 4111 1111 1111 1111 of Ms Meier")

    /** Runs it in a process of its own, and says which one that was once it is over. */
    fun run(
        folder: String,
        how: String,
    ): Long {
        val options = listOf("java.library.path", "jna.library.path").map { "-D$it=${System.getProperty(it)}" }
        val java = "${System.getProperty("java.home")}/bin/java"
        val command = listOf(java) + options + listOf("-cp", classPath(), DyingProgram::class.java.name, folder, how)
        val process = ProcessBuilder(command).redirectErrorStream(true).start()
        val said = process.inputStream.bufferedReader().readText()
        check(process.waitFor(1, TimeUnit.MINUTES)) { "it lives on: $said" }
        val isAsMeant = if (how == "halt") process.exitValue() == 1 else "ExecutionException" in said
        check(isAsMeant) { said }
        return process.pid()
    }

    private fun classPath(): String = System.getProperty("surefire.test.class.path") ?: System.getProperty("java.class.path")
}
