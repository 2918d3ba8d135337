import java.io.File;
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
 * Writes or checks the public API of a module, in the text form of Kotlin's binary-compatibility validator.
 *
 * <p>Arguments: {@code dump} or {@code check}, the folder of classes, the committed file. Run by Maven, as it is.
 */
final class ApiDump {
    public static void main(String[] args) throws Exception {
        String task = args[0];
        Path committed = Path.of(args[2]);
        AbiTools tools = ServiceLoader.load(AbiToolsFactory.class).findFirst().orElseThrow().get();
        StringWriter text = new StringWriter();
        tools.printJvmDump(text, classes(Path.of(args[1])), AbiFilters.Companion.getEMPTY());
        if (task.equals("dump")) {
            Files.createDirectories(committed.getParent());
            Files.writeString(committed, text.toString());
            return;
        }
        File now = File.createTempFile("now", ".api");
        now.deleteOnExit();
        Files.writeString(now.toPath(), text.toString());
        String difference = Files.exists(committed) ? tools.filesDiff(committed.toFile(), now) : "there is no " + committed;
        if (difference != null) {
            System.err.println(difference);
            System.err.println("The public API is not what is committed. If that is meant: mvn verify -Dapi.task=dump");
            System.exit(1);
        }
    }

    private static List<File> classes(Path folder) throws Exception {
        try (var files = Files.walk(folder)) {
            return files.filter(file -> file.toString().endsWith(".class")).map(Path::toFile).sorted().collect(Collectors.toList());
        }
    }
}
