import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.ServiceLoader;
import java.util.stream.Collectors;
import org.jetbrains.kotlin.abi.tools.AbiFilters;
import org.jetbrains.kotlin.abi.tools.AbiTools;
import org.jetbrains.kotlin.abi.tools.AbiToolsFactory;

/**
 * Writes or checks the public API of modules, in the text form of Kotlin's binary-compatibility validator.
 *
 * <p>Arguments: {@code dump} or {@code check}, then the folders of the modules. Run by Maven, as it is.
 */
final class ApiDump {
    private static final AbiTools TOOLS = ServiceLoader.load(AbiToolsFactory.class).findFirst().orElseThrow().get();

    public static void main(String[] args) throws IOException {
        boolean same = true;
        for (String module : List.of(args).subList(1, args.length)) {
            Path folder = Path.of(module).toAbsolutePath().normalize();
            Path committed = folder.resolve("api").resolve(folder.getFileName() + ".api");
            StringWriter text = new StringWriter();
            TOOLS.printJvmDump(text, classes(folder.resolve("target/classes")), AbiFilters.Companion.getEMPTY());
            if (args[0].equals("dump")) {
                Files.createDirectories(committed.getParent());
                Files.writeString(committed, text.toString());
            } else {
                same &= isSame(committed, text.toString());
            }
        }
        if (!same) {
            System.err.println("The public API is not what is committed. If that is meant: scripts/android-test -Dapi.task=dump");
            System.exit(1);
        }
    }

    private static boolean isSame(Path committed, String text) throws IOException {
        if (!Files.exists(committed)) {
            System.err.println("there is no " + committed);
            return false;
        }
        File now = File.createTempFile("now", ".api");
        now.deleteOnExit();
        Files.writeString(now.toPath(), text);
        String difference = TOOLS.filesDiff(committed.toFile(), now);
        if (difference != null) {
            System.err.println(difference);
        }
        return difference == null;
    }

    private static List<File> classes(Path folder) throws IOException {
        try (var files = Files.walk(folder)) {
            return files.filter(file -> file.toString().endsWith(".class")).map(Path::toFile).sorted().collect(Collectors.toList());
        }
    }
}
