package dev.nowait.benchmarks;

import com.sun.management.ThreadMXBean;
import dev.nowait.StartResult;
import java.lang.management.ManagementFactory;

/**
 * What the start costs the calling thread, first in a process: prints CPU ns, wall ns and bytes of garbage. All of
 * `NoWait.start` but its registration for the lifecycle of Activities, which needs Android. The classes of NoWait and of
 * the Kotlin standard library are still to load.
 */
public final class StartCost {
    public static void main(String[] arguments) throws ClassNotFoundException {
        // On a phone the system's classes are loaded before any app runs, and there are no jars to open and search.
        Class.forName("android.app.Activity");
        Class.forName("kotlin.Unit");
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long thread = Thread.currentThread().getId();
        // Once before, so that what the first reading costs is not in the figures.
        threads.getCurrentThreadCpuTime();
        threads.getThreadAllocatedBytes(thread);

        long bytesBefore = threads.getThreadAllocatedBytes(thread);
        long wallNsBefore = System.nanoTime();
        long cpuNsBefore = threads.getCurrentThreadCpuTime();
        StartResult result = JvmPlatform.start();
        long cpuNs = threads.getCurrentThreadCpuTime() - cpuNsBefore;
        long wallNs = System.nanoTime() - wallNsBefore;
        long bytes = threads.getThreadAllocatedBytes(thread) - bytesBefore;
        if (result != StartResult.Started.INSTANCE) {
            throw new IllegalStateException("the start said " + result);
        }
        System.out.println("start " + cpuNs + " " + wallNs + " " + bytes);
        Calls.shutdown();
    }
}
