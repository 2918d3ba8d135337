package bank

import java.io.File
import java.util.concurrent.TimeUnit

/** What the app speaks to, for real: a collector (`nowait serve`), and the bank of `nowait demo`, whose answers take their time. */
internal class Servers(
    folder: File,
) : AutoCloseable {
    private val running = mutableListOf<Process>()
    val collector: String
    val appKey: String

    /** The demo's own customers go to its own collector. */
    val bank: String =
        said(
            Regex("sample bank (http://[^/ ]+)"),
            "demo",
            "--customers",
            "1",
            "--seconds",
            "600",
            "--out",
            File(folder, "demo").path,
        )

    init {
        val data = File(folder, "store")
        collector = said(Regex("batches at (http://[^/]+)/"), "serve", "--listen", "127.0.0.1:0", "--data", data.path)
        appKey = Regex("key = \"([^\"]+)\"").find(File(data, "keys.toml").readText())!!.groupValues[1]
    }

    /** Starts `nowait` with these arguments, and returns what it says of itself; the rest of what it says is read and dropped. */
    private fun said(
        what: Regex,
        vararg arguments: String,
    ): String {
        val process = ProcessBuilder(NOWAIT, *arguments).redirectErrorStream(true).start().also(running::add)
        val lines = process.inputStream.bufferedReader()
        val found = generateSequence { lines.readLine() }.firstNotNullOfOrNull { what.find(it) }
        // It ends with the process, which closes the stream under it.
        Thread { runCatching { lines.forEachLine { } } }.apply { isDaemon = true }.start()
        return checkNotNull(found) { "nowait ${arguments.first()} ended and never said $what" }.groupValues[1]
    }

    /** What the collector has, as `nowait report` says it. */
    fun report(): String {
        val process = ProcessBuilder(NOWAIT, "report", "--url", collector, "--os", "android", "--json").start()
        val text = process.inputStream.bufferedReader().readText()
        check(process.waitFor() == 0) { process.errorStream.bufferedReader().readText() }
        return text
    }

    override fun close() {
        running.forEach(Process::destroy)
        running.forEach { if (!it.waitFor(10, TimeUnit.SECONDS)) it.destroyForcibly() }
    }

    private companion object {
        val NOWAIT: String = System.getProperty("nowait.binary")
    }
}
