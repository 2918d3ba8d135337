package dev.nowait.benchmarks;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * CPU time and garbage of the calling thread, in blocks of {@link #CALLS}; before each block the flight recorder is
 * emptied, so that no figure is that of a refused event. JMH's own figures are those of the wall clock, which counts
 * whatever else the machine does, and of the whole JVM, where the flushes make garbage too.
 */
@State(Scope.Thread)
@AuxCounters(AuxCounters.Type.EVENTS)
public class Meter {
    /** Half of the flight recorder's 4,096 slots. */
    static final int CALLS = 2_000;

    public long cpuNs;
    public long bytes;
    public long calls;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private long cpuNsBefore;
    private long bytesBefore;

    @Setup(Level.Iteration)
    public void reset() {
        cpuNs = 0;
        bytes = 0;
        calls = 0;
    }

    @Setup(Level.Invocation)
    public void begin() {
        Calls.flush();
        bytesBefore = threads.getThreadAllocatedBytes(Thread.currentThread().getId());
        cpuNsBefore = threads.getCurrentThreadCpuTime();
    }

    @TearDown(Level.Invocation)
    public void end() {
        cpuNs += threads.getCurrentThreadCpuTime() - cpuNsBefore;
        bytes += threads.getThreadAllocatedBytes(Thread.currentThread().getId()) - bytesBefore;
        calls += CALLS;
    }
}
