package dev.nowait.benchmarks;

/** The least that recording by JNI can cost: the clock, and 64 bytes that nobody reads ({@code bindings/examples/bare_slot.rs}). */
final class BareSlot {
    static {
        System.loadLibrary("bare_slot");
    }

    private BareSlot() {}

    static native void store(int name, long atNs, long number);
}
