package dev.nowait.benchmarks;

import dev.nowait.Action;
import dev.nowait.NoWait;
import dev.nowait.SelfReport;
import dev.nowait.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** NoWait running in this JVM; what it says of itself at the end goes into the file of {@link #LEDGERS}. */
@State(Scope.Benchmark)
public class Engine {
    /** The system property that names the file: a line for each JVM of produced, dropped and refused. */
    static final String LEDGERS = "nowait.ledgers";

    static final String CRUMB = "biometric.prompt";

    final Action pay = NoWait.action("Pay.Confirm");
    int name;

    @Setup(Level.Trial)
    public void start() throws InterruptedException {
        JvmPlatform.start();
        while (NoWait.getStatus() == Status.Starting.INSTANCE) {
            Thread.sleep(1);
        }
        if (NoWait.getStatus() != Status.Running.INSTANCE) {
            throw new IllegalStateException("NoWait is " + NoWait.getStatus());
        }
        name = Calls.nameId("Pay.Confirm");
        // A name is introduced once; the calls that are measured find it known.
        Calls.breadcrumbs(CRUMB, 1);
        Calls.flush();
    }

    @TearDown(Level.Trial)
    public void account() throws IOException {
        SelfReport report = Calls.selfReport();
        long dropped = 0;
        for (long count : report.getDropped().values()) {
            dropped += count;
        }
        String line = report.getProduced() + " " + dropped + " " + report.getSignalsLost() + "\n";
        Files.writeString(
                Path.of(System.getProperty(LEDGERS)), line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        Calls.shutdown();
    }
}
