package dev.nowait.journey

import dev.nowait.Collector
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import java.io.File
import java.nio.file.Files
import java.util.concurrent.TimeUnit

/** One journey through the sample bank, a real `nowait serve`, and what `nowait report` says of it. */
class EndToEndTest {
    private val nowait = System.getProperty("nowait.binary")
    private val folder = Files.createTempDirectory("nowait-e2e").toFile()
    private val collector = Collector(folder)
    private val running = mutableListOf<Process>()

    @After
    fun stop() {
        collector.close()
        running.forEach { it.destroy() }
        running.forEach { if (!it.waitFor(10, TimeUnit.SECONDS)) it.destroyForcibly() }
        folder.deleteRecursively()
    }

    @Test
    fun aJourneyInKotlinComesOutInTheReport() {
        // The demo's own customers go to its own collector; here its bank is what counts.
        val demo = run("demo", "--customers", "1", "--seconds", "300", "--out", File(folder, "demo").path)
        val bank = said(demo, Regex("sample bank (http://[^/ ]+)"))

        val produced = JourneyProgram(bank).walk(collector.url, collector.appKey).produced

        val android = collector.report("--os", "android")
        for (name in NAMES) assertTrue("$name is in the report:\n$android", "\"$name\"" in android)
        assertTrue("the ledger balances:\n$android", "\"balanced\": true" in android)
        assertEquals("every event arrived", produced, number(android, "delivered"))
        assertTrue("nothing came from iOS", NAMES.none { "\"$it\"" in collector.report("--os", "ios") })
        println("one journey in Kotlin: $produced events produced, delivered and reported under OS = Android")
    }

    private fun run(vararg arguments: String): Process =
        ProcessBuilder(nowait, *arguments).redirectErrorStream(true).start().also(running::add)

    /** What the process says of itself, as soon as it does; the rest of what it says is read and dropped. */
    private fun said(
        process: Process,
        what: Regex,
    ): String {
        val lines = process.inputStream.bufferedReader()
        val before = StringBuilder()
        while (true) {
            val line = checkNotNull(lines.readLine()) { "it ended and never said $what:\n$before" }
            before.appendLine(line)
            what.find(line)?.let {
                // It ends with the process, which closes the stream under it.
                Thread { runCatching { lines.forEachLine { } } }.apply { isDaemon = true }.start()
                return it.groupValues[1]
            }
        }
    }

    private fun number(
        json: String,
        key: String,
    ): Long = Regex("\"$key\": (\\d+)").find(json)!!.groupValues[1].toLong()

    private companion object {
        val NAMES =
            listOf(
                "cold",
                "Login",
                "Home",
                "Receipt",
                "Login.Confirm",
                "Transfer.Submit",
                "Transfer.Form",
                "GET /home",
                "POST /confirm",
                "android",
            )
    }
}
