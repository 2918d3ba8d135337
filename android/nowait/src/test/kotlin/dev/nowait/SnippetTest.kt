package dev.nowait

import org.junit.Assert.assertTrue
import org.junit.Test
import java.io.File

/** The Kotlin that the documents show is the Kotlin that was compiled. */
class SnippetTest {
    private val root = File(System.getProperty("nowait.root"))

    @Test
    fun theDocumentsShowWhatCompiles() {
        val compiled =
            File(root, "android/nowait/src/test/kotlin/dev/nowait/ReadmeSnippet.kt")
                .readText()
                .substringAfter("// snippet begins\n")
                .substringBefore("// snippet ends")
                .trim()
        val shown = listOf("README.md", "docs/integrate-android.md").map { File(root, it) }.filter(File::exists).flatMap(::kotlinIn)
        assertTrue("the guide shows it", shown.isNotEmpty())
        for ((file, snippet) in shown) assertTrue("$file shows something else:\n$snippet", snippet == compiled)
    }

    /** The blocks of Kotlin that begin with the snippet's first line. */
    private fun kotlinIn(file: File): List<Pair<File, String>> =
        Regex("```kotlin\n(class BankApp.*?)```", RegexOption.DOT_MATCHES_ALL)
            .findAll(file.readText())
            .map { file to it.groupValues[1].trim() }
            .toList()
}
