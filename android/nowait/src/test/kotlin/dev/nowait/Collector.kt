package dev.nowait

import java.io.File
import java.util.concurrent.TimeUnit

/** A real `nowait serve` on this machine, with a store of its own in [folder]. */
internal class Collector(
    folder: File,
    vararg more: String,
) : AutoCloseable {
    private val nowait = System.getProperty("nowait.binary")
    private val process: Process
    val url: String
    val appKey: String

    init {
        val data = File(folder, "store")
        process = ProcessBuilder(nowait, "serve", "--listen", "127.0.0.1:0", "--data", data.path, *more).redirectErrorStream(true).start()
        val lines = process.inputStream.bufferedReader()
        val said = generateSequence { lines.readLine() }.firstNotNullOf { Regex("batches at (http://[^/]+)/").find(it) }
        url = said.groupValues[1]
        appKey = Regex("key = \"([^\"]+)\"").find(File(data, "keys.toml").readText())!!.groupValues[1]
        // It ends with the process, which closes the stream under it.
        Thread { runCatching { lines.forEachLine { } } }.apply { isDaemon = true }.start()
    }

    /** Its report as JSON, to a question in the words of the command line. */
    fun report(vararg question: String): String {
        val asked = ProcessBuilder(nowait, "report", "--url", url, "--json", *question).start()
        val text = asked.inputStream.bufferedReader().readText()
        check(asked.waitFor() == 0) { asked.errorStream.bufferedReader().readText() }
        return text
    }

    override fun close() {
        process.destroy()
        if (!process.waitFor(10, TimeUnit.SECONDS)) process.destroyForcibly()
    }
}
