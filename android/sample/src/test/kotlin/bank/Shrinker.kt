package bank

import com.android.tools.r8.CompilationFailedException
import com.android.tools.r8.CompilationMode
import com.android.tools.r8.Diagnostic
import com.android.tools.r8.DiagnosticsHandler
import com.android.tools.r8.OutputMode
import com.android.tools.r8.R8
import com.android.tools.r8.R8Command
import com.android.tools.r8.origin.Origin
import java.io.File
import java.net.URI
import java.nio.file.FileSystems
import java.nio.file.Files
import java.util.zip.ZipEntry
import java.util.zip.ZipFile
import java.util.zip.ZipOutputStream

/** A rule of ours for the apps that shrink: a paragraph of a file of rules, named by its first line. */
internal class Rule(
    val name: String,
    val lines: List<String>,
) {
    companion object {
        /** Those of the AAR, and those that a library beside it has in its jar. */
        fun allOurs(): List<Rule> =
            allIn(File(System.getProperty("aar"), "proguard.txt").readText()) +
                ZipFile(BESIDE).use { zip ->
                    val files = zip.entries().asSequence().filter { it.name.startsWith(FOLDER) && !it.isDirectory }
                    files.toList().flatMap { allIn(zip.getInputStream(it).reader().readText()) }
                }

        private fun allIn(text: String): List<Rule> =
            text.trim().split(Regex("\n\\s*\n")).map { paragraph ->
                val lines = paragraph.lines()
                Rule(lines.first().removePrefix("# ").substringBefore(':'), lines)
            }
    }
}

internal class NotShrunk(
    problem: String,
    cause: Throwable,
) : Exception(problem, cause)

private val CLASSPATH: List<File> = System.getProperty("surefire.test.class.path").split(File.pathSeparator).map(::File)

/** The library beside the AAR that has rules in its jar, and where. */
private val BESIDE: File = CLASSPATH.single { it.name.startsWith("nowait-okhttp") }
private const val FOLDER = "META-INF/proguard/"

/** Real R8 in full mode, as Android's build tools call it: the app, the classes of the AAR and what it depends on. */
internal class Shrinker(
    private val folder: File,
) {
    private val android = CLASSPATH.single { it.name.startsWith("android-all-1") }

    /** What is shrunk: of the test's classpath the app itself and what it has at run time. */
    private val program =
        CLASSPATH.filter { file ->
            file.path == File("target/classes").absolutePath || PROGRAM.any(file.name::startsWith)
        }

    /** What the tests themselves need to run a shrunk app. */
    private val runtime = CLASSPATH.filter { (it !in program || "kotlin" in it.name) && !it.name.startsWith("r8-") }

    /** Of Java, what Android has too; it has no AWT. */
    private val java: File by lazy {
        File(folder, "java.jar").also { jar ->
            ZipOutputStream(jar.outputStream()).use { zip ->
                for (module in listOf("java.base", "java.logging")) {
                    val root = FileSystems.getFileSystem(URI("jrt:/")).getPath("modules", module)
                    Files.walk(root).filter { it.toString().endsWith(".class") && "module-info" !in it.toString() }.forEach {
                        zip.putNextEntry(ZipEntry(root.relativize(it).toString()))
                        Files.copy(it, zip)
                    }
                }
            }
        }
    }

    private fun jarOrClasses(file: File): List<File> =
        when {
            file.isDirectory -> file.walk().filter { it.extension == "class" }.toList()
            file == BESIDE -> listOf(withoutRules)
            else -> listOf(file)
        }

    /** Without the attributes that androidx keeps for all: an app that has no androidx would miss a rule of ours that says the same. */
    private val androidx = File("target/androidx/proguard.txt").readLines().filter { !it.startsWith("-keepattributes") }

    /** R8 itself reads the rules of a jar, so that leaving one out takes a jar without any. */
    private val withoutRules: File by lazy {
        File(folder, "beside.jar").also { jar ->
            ZipOutputStream(jar.outputStream()).use { to ->
                ZipFile(BESIDE).use { from ->
                    for (entry in from.entries().asSequence().filter { !it.name.startsWith(FOLDER) }) {
                        to.putNextEntry(ZipEntry(entry.name))
                        from.getInputStream(entry).copyTo(to)
                    }
                }
            }
        }
    }

    /**
     * The app shrunk by these rules. With [isQuick] not the Kotlin library, and nothing is optimised: what a rule keeps from
     * being removed or renamed shows without that, which takes longer.
     *
     * @throws NotShrunk with what R8 said
     */
    fun shrink(
        rules: List<Rule>,
        to: File,
        isQuick: Boolean,
    ) {
        val said = StringBuilder()
        val listener =
            object : DiagnosticsHandler {
                override fun error(problem: Diagnostic) {
                    said.appendLine(problem.diagnosticMessage)
                }

                override fun warning(problem: Diagnostic) = Unit

                override fun info(problem: Diagnostic) = Unit
            }
        val kotlin = program.filter { isQuick && ("kotlin" in it.name || "annotations" in it.name) }
        val more = if (isQuick) listOf("-dontoptimize") else emptyList()
        val classes = (program - kotlin.toSet()).flatMap(::jarOrClasses)
        val command =
            R8Command
                .builder(listener)
                .setMode(CompilationMode.RELEASE)
                .setOutput(to.toPath(), OutputMode.ClassFile)
                .addLibraryFiles((kotlin + java + android).map(File::toPath))
                .addProgramFiles(classes.map(File::toPath))
                .addProguardConfigurationFiles(File("app.pro").toPath())
                .addProguardConfiguration(androidx, Origin.unknown())
                .addProguardConfiguration(rules.flatMap(Rule::lines) + more, Origin.unknown())
                .build()
        try {
            R8.run(command)
        } catch (problem: CompilationFailedException) {
            throw NotShrunk("R8: $said", problem)
        }
    }

    /** Runs the shrunk app with a customer (see [Walk]), and returns all that its process said. */
    fun run(
        app: File,
        servers: Servers,
        walk: String,
    ): String {
        val library = System.getProperty("nowait.library.folder")
        val command =
            listOf(
                File(System.getProperty("java.home"), "bin/java").path,
                "-Xmx1g",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                (listOf(app) + runtime).joinToString(File.pathSeparator),
                "-Djava.library.path=$library",
                "-Djna.library.path=$library",
                "-Drobolectric.offline=true",
                "-Drobolectric.dependency.dir=" + System.getProperty("robolectric.folder"),
                "-Dcollector=${servers.collector}",
                "-Dkey=${servers.appKey}",
                "-Dbank=${servers.bank}",
                "-Dwalk=$walk",
                "org.junit.runner.JUnitCore",
                "bank.Walk",
            )
        val process = ProcessBuilder(command).redirectErrorStream(true).start()
        return process.inputStream
            .bufferedReader()
            .readText()
            .also { process.waitFor() }
    }

    private companion object {
        val PROGRAM =
            listOf("classes.jar", "nowait-okhttp", "okhttp-4", "okio-jvm", "kotlin-stdlib-2", "annotations-13", "jna-") +
                listOf("androidx.jar", "annotation-1", "collection-1", "core-common-2", "lifecycle-common-2")
    }
}
