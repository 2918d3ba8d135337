package dev.nowait

import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import java.io.File

/** The Kotlin and Java that the documents show is what was compiled, in the tests of the module that it is about. */
class SnippetTest {
    private val root = File(System.getProperty("nowait.root"))

    private val compiled: Set<String> =
        File(root, "android")
            .listFiles()!!
            .flatMap { module -> File(module, "src/test").walk() }
            .filter { it.extension == "kt" || it.extension == "java" }
            .flatMap { between(it.readText()) }
            .toSet()

    private fun between(source: String): List<String> = source.split(BEGINS).drop(1).map { it.substringBefore(ENDS).trimmed() }

    private fun String.trimmed() = trimIndent().trim()

    @Test
    fun theDocumentsShowWhatCompiles() {
        val documents = File(root, "docs").listFiles()!!.filter { "android" in it.name } + File(root, "README.md")
        val shown = documents.flatMap { file -> codeIn(file).map { file.name to it } }
        for ((file, snippet) in shown) assertTrue("$file shows what nobody compiled:\n$snippet", snippet in compiled)
        assertEquals("each is shown", emptySet<String>(), compiled - shown.map { it.second }.toSet())
    }

    private fun codeIn(file: File): List<String> =
        Regex("```(?:kotlin|java)\n(.*?)```", RegexOption.DOT_MATCHES_ALL)
            .findAll(file.readText())
            .map { it.groupValues[1].trimmed() }
            .toList()

    private companion object {
        // In two parts, so that this file has none.
        const val BEGINS = "// snippet " + "begins\n"
        const val ENDS = "// snippet " + "ends"
    }
}
