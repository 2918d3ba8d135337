package dev.nowait.benchmarks;

import dev.nowait.Settings;
import dev.nowait.StartResult;
import dev.nowait.ffi.StartConfig;
import dev.nowait.internal.Face;
import dev.nowait.internal.Platform;
import dev.nowait.internal.ProcessStart;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;

/** A plain JVM instead of Android, without a network: nobody listens on that port, so batches stay in the spool. */
final class JvmPlatform implements Platform {
    private static final String NOBODY = "http://127.0.0.1:1";

    static StartResult start() {
        return Face.INSTANCE.start(new JvmPlatform(), NOBODY, "bench", new Settings());
    }

    @Override
    public StartConfig config(String endpoint, String appKey, Settings settings) {
        try {
            return Calls.config(endpoint, appKey, Files.createTempDirectory("nowait").toString());
        } catch (IOException problem) {
            throw new UncheckedIOException(problem);
        }
    }

    @Override
    public ProcessStart processStart() {
        return null;
    }

    @Override
    public void warn(String problem) {
        System.err.println("NoWait measures nothing: " + problem);
    }
}
