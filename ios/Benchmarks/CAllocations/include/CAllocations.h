// Counts what the calling thread allocates: in an executable that links this, malloc is ours.
#ifndef C_ALLOCATIONS_H
#define C_ALLOCATIONS_H

#include <stdint.h>

// Allocations of the calling thread so far, by whichever library.
uint64_t allocations_count(void);
// Their bytes.
uint64_t allocations_bytes(void);
// Processor time of the calling thread, in nanoseconds.
uint64_t thread_cpu_ns(void);

#endif
