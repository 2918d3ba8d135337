// The atomics that the face needs, because Swift's own need iOS 18.
//
// Owns: whether a test took the engine's place, and a word that belongs to whoever has its address. Refuses: anything else.
// Invariant: what was written before a test is let in is visible to whoever sees it there.
#ifndef CNOWAIT_ATOMIC_H
#define CNOWAIT_ATOMIC_H

#include <stdbool.h>
#include <stdint.h>

extern bool nowait_test_listens;

static inline bool nowait_does_test_listen(void) {
    return __atomic_load_n(&nowait_test_listens, __ATOMIC_ACQUIRE);
}

static inline void nowait_set_test_listens(bool listens) {
    __atomic_store_n(&nowait_test_listens, listens, __ATOMIC_RELEASE);
}

// Relaxed, both: the word stands for itself.
static inline uint64_t nowait_word_load(const uint64_t *_Nonnull word) {
    return __atomic_load_n(word, __ATOMIC_RELAXED);
}

static inline void nowait_word_store(uint64_t *_Nonnull word, uint64_t value) {
    __atomic_store_n(word, value, __ATOMIC_RELAXED);
}

#endif
