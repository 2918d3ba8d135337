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
                shrinker.run(app, servers, walk = if (without == "none") "whole" else "start")
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
        val report = servers.report()
        val held = Held(said, report)
        assertEquals("report and truth:\n$report\n$said", emptyList<String>(), held.faults)
        assertTrue("the ledger balances:\n$report", "\"balanced\": true" in report)
        println("sample bank: report and truth agree in $held")
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
                "Fragments" to "failed: java.lang.ClassNotFoundException: bank.AccountsFragment",
                "Retrofit" to "Missing class retrofit2.",
            )

        @JvmStatic
        @Parameterized.Parameters(name = "without {0}")
        fun rules(): List<String> = if (System.getProperty("rules") == "together") listOf("none") else BREAKS.keys.toList()

        private val folder: File = Files.createTempDirectory("nowait-shrunk").toFile()
        private val shrinker = Shrinker(folder)
        private lateinit var servers: Servers

        @JvmStatic
        @BeforeClass
        fun serve() {
            servers = Servers(folder)
        }

        @JvmStatic
        @AfterClass
        fun stop() {
            servers.close()
            folder.deleteRecursively()
        }
    }
}
