package bank

import org.junit.AfterClass
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.BeforeClass
import org.junit.Test
import org.junit.runner.RunWith
import org.junit.runners.Parameterized
import java.io.File
import java.nio.file.Files
import java.util.concurrent.TimeUnit

/** The app shrunk by all rules of the AAR and of the libraries beside it measures; shrunk without one of them it does not, each for a reason of its own. */
@RunWith(Parameterized::class)
class ShrunkAppTest(
    private val without: String,
) {
    @Test
    fun theAppIsShrunkAndRuns() {
        val rules = Rule.allOurs()
        assertEquals("every rule has a test without it", BREAKS.keys - "none", rules.map(Rule::name).toSet())
        val app = File(folder, "$without.jar")
        val said =
            try {
                shrinker.shrink(rules.filter { it.name != without }, app, isQuick = without != "none")
                shrinker.run(app, collector, appKey, bank.url)
            } catch (problem: NotShrunk) {
                problem.message.orEmpty()
            }
        assertTrue("without $without:\n${said.take(4_000)}", BREAKS.getValue(without) in said)
        if (without != "none") {
            assertTrue("it measures all the same:\n$said", "complete: true" !in said)
            return
        }
        val whole = File(System.getProperty("aar"), "classes.jar").length()
        println("sample bank: shrunk to ${app.length() / 1024} KiB with JNA's libraries for desktops, of $whole bytes of NoWait's classes")
        val report = report()
        for (name in listOf("Transfer", "Transfer.Form", "Transfer.Submit", "Home", "GET /accounts/{id}")) {
            assertTrue("$name came out of the engine:\n$report", "\"$name\"" in report)
        }
    }

    private fun report(): String {
        val process = ProcessBuilder(NOWAIT, "report", "--url", collector, "--os", "android", "--json").start()
        val text = process.inputStream.bufferedReader().readText()
        check(process.waitFor() == 0) { process.errorStream.bufferedReader().readText() }
        return text
    }

    companion object {
        /** What comes of an app that was shrunk without this rule. */
        private val BREAKS =
            mapOf(
                "none" to "complete: true",
                "native functions" to "failed: java.lang.UnsatisfiedLinkError",
                "structures" to "failed: java.lang.Error",
                "order of fields" to "failed: java.lang.Error",
                "callbacks" to "failed: java.lang.ExceptionInInitializerError",
                "JNA" to "failed: java.lang.UnsatisfiedLinkError",
                "AWT" to "Missing class java.awt.",
                "androidx" to "Missing class androidx.",
                "Retrofit" to "Missing class retrofit2.",
            )

        @JvmStatic
        @Parameterized.Parameters(name = "without {0}")
        fun rules(): List<String> = if (System.getProperty("rules") == "together") listOf("none") else BREAKS.keys.toList()

        private val NOWAIT: String = System.getProperty("nowait.binary")
        private val folder: File = Files.createTempDirectory("nowait-shrunk").toFile()
        private val shrinker = Shrinker(folder)
        private val bank = BankServer()
        private lateinit var server: Process
        private lateinit var collector: String
        private lateinit var appKey: String

        @JvmStatic
        @BeforeClass
        fun serve() {
            val data = File(folder, "store")
            server = ProcessBuilder(NOWAIT, "serve", "--listen", "127.0.0.1:0", "--data", data.path).redirectErrorStream(true).start()
            val lines = server.inputStream.bufferedReader()
            val said = generateSequence { lines.readLine() }.mapNotNull { Regex("batches at (http://[^/]+)/").find(it) }
            collector = said.first().groupValues[1]
            appKey = Regex("key = \"([^\"]+)\"").find(File(data, "keys.toml").readText())!!.groupValues[1]
        }

        @JvmStatic
        @AfterClass
        fun stop() {
            server.destroy()
            if (!server.waitFor(10, TimeUnit.SECONDS)) server.destroyForcibly()
            bank.close()
            folder.deleteRecursively()
        }
    }
}
