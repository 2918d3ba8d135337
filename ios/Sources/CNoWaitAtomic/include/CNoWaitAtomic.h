// The atomics that the face needs, because Swift's own need iOS 18.
//
// Owns: a published byte and a counter. Refuses: anything else.
// Invariant: what was written before a publish is visible after a load that sees it.
#ifndef CNOWAIT_ATOMIC_H
#define CNOWAIT_ATOMIC_H

#include <stdint.h>

static inline uint8_t nowait_atomic_load(const uint8_t *_Nonnull byte) {
    return __atomic_load_n(byte, __ATOMIC_ACQUIRE);
}

static inline void nowait_atomic_publish(uint8_t *_Nonnull byte, uint8_t value) {
    __atomic_store_n(byte, value, __ATOMIC_RELEASE);
}

// The number before; relaxed, because the numbers only have to differ.
static inline uint64_t nowait_atomic_next(uint64_t *_Nonnull counter) {
    return __atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

#endif
